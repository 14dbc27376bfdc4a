import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// URLSession that follows no redirect, keeps nothing, and ends with the task that waits for it.
///
/// By its delegate: `data(for:delegate:)` asks nobody about redirects on Linux.
final class Transport: Sendable {
    private let transfers = Transfers()
    private let session: URLSession

    init() {
        // The client keeps answers itself, where clear() reaches them.
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.httpShouldSetCookies = false
        session = URLSession(configuration: configuration, delegate: transfers, delegateQueue: nil)
    }

    deinit { session.finishTasksAndInvalidate() }

    func answer(to request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        let task = session.dataTask(with: request)
        let id = task.taskIdentifier
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                transfers.begin(id, continuation)
                task.resume()
                // Cancelled before it had begun: there was nothing to end yet.
                if Task.isCancelled { transfers.end(id, throwing: CancellationError()) }
            }
        } onCancel: {
            task.cancel()
            transfers.end(id, throwing: CancellationError())
        }
    }
}

/// What is under way, by the task's identifier. Unchecked: the lock sees to it.
private final class Transfers: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    typealias Waiter = CheckedContinuation<(Data, HTTPURLResponse), any Error>

    private let lock = NSLock()
    private var underWay: [Int: (waiter: Waiter, data: Data)] = [:]

    func begin(_ id: Int, _ waiter: Waiter) {
        lock.withLock { underWay[id] = (waiter, Data()) }
    }

    func end(_ id: Int, throwing error: any Error) {
        lock.withLock { underWay.removeValue(forKey: id) }?.waiter.resume(throwing: error)
    }

    func urlSession(_: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        lock.withLock { underWay[dataTask.taskIdentifier]?.data.append(data) }
    }

    func urlSession(_: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        guard error == nil, let response = task.response as? HTTPURLResponse else {
            return end(task.taskIdentifier, throwing: error ?? URLError(.badServerResponse))
        }
        guard let (waiter, data) = lock.withLock({ underWay.removeValue(forKey: task.taskIdentifier) }) else { return }
        waiter.resume(returning: (data, response))
    }

    /// A redirect is not the proxy's: the credential must not travel with it.
    func urlSession(
        _: URLSession,
        task _: URLSessionTask,
        willPerformHTTPRedirection _: HTTPURLResponse,
        newRequest _: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}
