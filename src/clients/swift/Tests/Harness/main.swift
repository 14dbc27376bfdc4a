/// Plays the steps of test/clients/states.ts: a line of JSON in, a line of JSON out.
import Foundation
import ZooBalance

let output = NSLock()

func emit(_ message: [String: Any]) {
    guard let data = try? JSONSerialization.data(withJSONObject: message) else { return }
    output.withLock { FileHandle.standardOutput.write(data + Data("\n".utf8)) }
}

final class HarnessClock: BalanceClock, @unchecked Sendable {
    private let lock = NSLock()
    private var time: Date
    private var sleepers: [UUID: CheckedContinuation<Void, any Error>] = [:]

    init(_ start: Date) { time = start }

    func now() -> Date { lock.withLock { time } }

    func sleep(seconds: Double) async throws {
        let id = UUID()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                lock.withLock { sleepers[id] = continuation }
                emit(["event": "sleep", "milliseconds": (seconds * 1_000).rounded()])
                if Task.isCancelled { wake(id, throwing: CancellationError()) }
            }
        } onCancel: {
            wake(id, throwing: CancellationError())
        }
    }

    func advance(milliseconds: Double) {
        let ids = lock.withLock {
            time += milliseconds / 1_000
            return Array(sleepers.keys)
        }
        for id in ids { wake(id, throwing: nil) }
    }

    private func wake(_ id: UUID, throwing error: (any Error)?) {
        let sleeper = lock.withLock { sleepers.removeValue(forKey: id) }
        if let error { sleeper?.resume(throwing: error) } else { sleeper?.resume() }
    }
}

actor Credentials {
    private var list: [String] = []

    func set(_ list: [String]) { self.list = list }

    func next(renew: Bool) throws -> String {
        if renew, list.count > 1 { list.removeFirst() }
        guard let first = list.first, first != "none" else { throw URLError(.cannotConnectToHost) }
        return first
    }
}

@MainActor
final class Harness {
    private let client: BalanceClient
    private let clock: HarnessClock
    private let credentials = Credentials()
    private var watching: Task<Void, Never>?
    private var begun: Task<[String: String]?, Never>?
    private var outcome: Reading<Balance>?

    init(_ start: [String: Any]) async {
        let number = { (name: String) in (start[name] as? Double ?? 0) / 1_000 }
        clock = HarnessClock(Date(timeIntervalSince1970: number("now")))
        await credentials.set(start["credentials"] as? [String] ?? [])
        client = BalanceClient(
            baseURL: URL(string: start["baseUrl"] as? String ?? "")!,
            owner: start["owner"] as? String ?? "",
            store: FileStore(folder: URL(fileURLWithPath: start["folder"] as? String ?? "")),
            timeout: number("timeout"),
            clock: clock,
            random: { 0 },
            credential: { [credentials] in try await credentials.next(renew: $0) }
        )
    }

    func play(_ command: [String: Any]) async throws -> [String: Any] {
        switch command["op"] as? String {
        case "credentials":
            await credentials.set(command["credentials"] as? [String] ?? [])
        case "last":
            for await reading in client.balances() { return shown(reading) }
        case "refresh":
            return shown(try await client.refresh())
        case "status":
            return shown(try await client.status())
        case "history":
            return shown(try await client.history())
        case "watch":
            watching = Task { [client] in
                for await reading in client.balances() { emit(["event": "reading", "reading": shown(reading)]) }
                emit(["event": "end"])
            }
        case "unwatch":
            watching?.cancel()
            await watching?.value
        case "advance":
            clock.advance(milliseconds: command["milliseconds"] as? Double ?? 0)
        case "begin":
            begun = Task { [client] in
                do {
                    outcome = try await client.refresh()
                    return nil
                } catch {
                    return error is CancellationError ? ["cancelled": "true"] : ["error": "\(error)"]
                }
            }
        case "cancel":
            begun?.cancel()
            return ["cancelled": await begun?.value == ["cancelled": "true"]]
        case "outcome":
            _ = await begun?.value
            if let outcome { return shown(outcome) }
        case "clear":
            try await client.clear()
        default:
            fatalError("There is no such operation")
        }
        return [:]
    }
}

func orNull(_ value: Any?) -> Any { value ?? NSNull() }

func shown(_ reading: Reading<Balance>) -> [String: Any] {
    let balance = reading.value
    return [
        "available": orNull(balance.map { "\($0.available)" }),
        "status": orNull(balance?.status),
        "low_below": orNull(balance?.lowBelow.map { "\($0)" }),
        "blocked": orNull(balance?.blocked),
        "total_due": orNull(balance?.totalDue.map { "\($0)" }),
        "plan": orNull(balance?.plan?.title),
        "stale": orNull(balance?.stale),
        "stale_reason": orNull(balance?.staleReason),
        "problem": orNull(reading.problem?.code),
        "age": orNull(reading.age),
    ]
}

func shown(_ reading: Reading<Status>) -> [String: Any] {
    let amounts = ["available", "low_below", "blocked", "total_due", "plan"]
    let status: [String: Any] = [
        "status": orNull(reading.value?.status),
        "stale": orNull(reading.value?.stale),
        "stale_reason": orNull(reading.value?.staleReason),
        "problem": orNull(reading.problem?.code),
        "age": orNull(reading.age),
    ]
    return amounts.reduce(into: status) { $0[$1] = NSNull() }
}

func shown(_ reading: Reading<History>) -> [String: Any] {
    [
        "points": orNull(reading.value?.points.count),
        "forecast_reason": orNull(reading.value?.forecastReason),
        "problem": orNull(reading.problem?.code),
    ]
}

/// Read on a thread of its own: a blocked one must not be the main actor's.
let lines = AsyncStream<String> { continuation in
    Thread.detachNewThread {
        while let line = readLine() { continuation.yield(line) }
        continuation.finish()
    }
}

var harness: Harness?
for await line in lines {
    let command = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    if command["op"] as? String == "start" {
        harness = await Harness(command)
        emit(["answer": [String: Any]()])
    } else {
        emit(["answer": try await harness?.play(command) ?? [:]])
    }
}
