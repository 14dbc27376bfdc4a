import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

enum Outcome: Sendable {
    case value(body: String, etag: String?, Times)
    case unchanged(Times)
    case failure(Problem, status: Int?)
}

/// Seconds: how old the answer is, and how old it may become.
struct Times: Sendable {
    let age: Int
    let maxAge: Int
}

/// One question to the proxy, and what came of it.
struct Exchange: Sendable {
    let baseURL: String
    let timeout: Double
    let credential: @Sendable (_ renew: Bool) async throws -> String
    let headers: @Sendable () async throws -> [String: String]
    private let transport = Transport()

    init(
        baseURL: URL,
        timeout: Double,
        credential: @escaping @Sendable (Bool) async throws -> String,
        headers: @escaping @Sendable () async throws -> [String: String]
    ) {
        let text = baseURL.absoluteString
        self.baseURL = text.hasSuffix("/") ? String(text.dropLast()) : text
        self.timeout = timeout
        self.credential = credential
        self.headers = headers
    }

    /// - Parameters:
    ///   - etag: of the answer that is stored: only with its body can a 304 be understood
    ///   - force: pull to refresh: a value newer than the stored one is wanted
    /// - Throws: CancellationError alone
    func ask(path: String, etag: String?, force: Bool) async throws -> Outcome {
        let first = try await attempt(path: path, etag: etag, force: force, renew: false)
        // Whatever came before it, a refused credential is renewed once.
        guard case .failure(_, status: 401) = first else { return first }
        return try await attempt(path: path, etag: etag, force: force, renew: true)
    }

    private func attempt(path: String, etag: String?, force: Bool, renew: Bool) async throws -> Outcome {
        guard let url = URL(string: baseURL + path) else { preconditionFailure("Not a URL: \(path)") }
        var request = URLRequest(url: url, timeoutInterval: timeout)
        do {
            for (name, value) in try await headers() { request.setValue(value, forHTTPHeaderField: name) }
            request.setValue("Bearer \(try await credential(renew))", forHTTPHeaderField: "Authorization")
        } catch {
            try Task.checkCancellation()
            return .failure(Problem("no_credential"), status: nil)
        }
        request.setValue("application/json, application/problem+json", forHTTPHeaderField: "Accept")
        // Said in both cases: URLSession would otherwise add a no-cache of its own.
        request.setValue(force ? "no-cache" : "max-age=86400", forHTTPHeaderField: "Cache-Control")
        if let etag { request.setValue(etag, forHTTPHeaderField: "If-None-Match") }
        do {
            let (data, response) = try await answer(to: request)
            return judge(String(decoding: data, as: UTF8.self), response)
        } catch {
            try Task.checkCancellation()
            return .failure(Problem("offline"), status: nil)
        }
    }

    /// Within the time for all of it: URLSession's own counts from the last byte.
    private func answer(to request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        try await withThrowingTaskGroup(of: (Data, HTTPURLResponse).self) { group in
            group.addTask { try await transport.answer(to: request) }
            group.addTask {
                try await Task.sleep(nanoseconds: UInt64(timeout * 1_000_000_000))
                throw URLError(.timedOut)
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw URLError(.unknown) }
            return first
        }
    }
}

private func judge(_ body: String, _ response: HTTPURLResponse) -> Outcome {
    let header = { (name: String) in response.value(forHTTPHeaderField: name) }
    let status = response.statusCode
    let maxAge = header("Cache-Control")?.components(separatedBy: "max-age=").dropFirst().first
    let times = Times(age: number(header("Age")) ?? 0, maxAge: number(maxAge) ?? 0)
    if status == 304 { return .unchanged(times) }
    let isJSON = header("Content-Type")?.range(of: #"^application/([a-z]+\+)?json\b"#, options: .regularExpression) != nil
    if status == 200, isJSON { return .value(body: body, etag: header("ETag"), times) }
    // 511 is what a captive portal says that knows its manners; other server errors may be the network's edge.
    let unnamed = status >= 500 && status != 511 ? "unavailable" : "intercepted"
    let code = isJSON ? Members(body)?.text("code") : nil
    let problem = Problem(
        code ?? unnamed,
        retryAfter: number(header("Retry-After")),
        requestID: header("X-Request-Id")
    )
    return .failure(problem, status: status)
}

private func number(_ text: String?) -> Int? {
    guard let text, text.count <= 9 else { return nil }
    return Int(text)
}
