import Foundation

/// One resource of the proxy: what is known of it, kept over restarts, and when to ask again.
actor Resource<Value: Sendable> {
    private struct Pause {
        let since: Date
        let seconds: Double
        /// The server named it: then it holds for a forced request as well.
        let asked: Bool
    }

    private let settings: Settings
    private let path: String
    private let parse: @Sendable (Members) -> Value?

    private var known: (record: Record, value: Value)?
    private var problem: Problem?
    private var pause: Pause?
    private var failures = 0
    private var loaded = false
    private var isOver = false
    private var version = 0
    private var flight = SingleFlight()
    private var naps: [Int: Task<Void, Never>] = [:]
    private var lastNumber = 0

    init(_ settings: Settings, path: String, parse: @escaping @Sendable (Members) -> Value?) {
        self.settings = settings
        self.path = path
        self.parse = parse
    }

    /// The last known at once, then the new one, then every newer one while somebody looks. It ends
    /// with `end()`, of which it tells.
    nonisolated func watch() -> AsyncStream<Reading<Value>> {
        AsyncStream { continuation in
            let task = Task {
                await follow { continuation.yield($0) }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    func refresh(force: Bool) async throws -> Reading<Value> {
        load()
        if let pause, pause.asked, secondsLeft() > 0 { return reading() }
        // An ordinary call under way is not what a forced one asked for: it comes after it.
        while flight.isUnderWay, force, !flight.isForced { try await wait() }
        if isOver { return reading() }
        if !flight.isUnderWay {
            flight.begin(forced: force) { [weak self] id in await self?.ask(force: force, flight: id) }
        }
        try await wait()
        return reading()
    }

    /// For good: the value is forgotten and the call under way cancelled. What it brings is nobody's any
    /// more, and the credential may be somebody else's by now.
    func end() {
        if isOver { return }
        isOver = true
        loaded = true
        known = nil
        settle(Problem("signed_out"), nil)
        flight.cancel()
    }

    private func follow(_ show: @Sendable (Reading<Value>) -> Void) async {
        load()
        var shown = version
        show(reading())
        while !(isOver && version == shown) {
            if version == shown { await next() }
            if Task.isCancelled { return }
            if version != shown {
                shown = version
                show(reading())
            }
        }
    }

    private func next() async {
        let left = secondsLeft()
        if left <= 0 {
            // Cancelled is all that can go wrong, and whoever follows looks for that.
            _ = try? await refresh(force: false)
        } else {
            await sleep(left)
        }
    }

    /// Until the time has passed or somebody else's call has brought something.
    private func sleep(_ seconds: Double) async {
        lastNumber += 1
        let number = lastNumber
        let nap = Task { [clock = settings.clock] in
            // Woken early is all that can go wrong.
            _ = try? await clock.sleep(seconds: seconds)
        }
        naps[number] = nap
        await withTaskCancellationHandler { await nap.value } onCancel: { nap.cancel() }
        naps[number] = nil
    }

    private func wait() async throws {
        lastNumber += 1
        let number = lastNumber
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { flight.wait($0, as: number) }
        } onCancel: {
            Task { await leave(number) }
        }
    }

    private func leave(_ number: Int) {
        flight.leave(number)
    }

    private func ask(force: Bool, flight id: Int) async {
        let question = (path: path, etag: known?.record.etag)
        let outcome = try? await settings.exchange.ask(path: question.path, etag: question.etag, force: force)
        if let outcome, !isOver, !Task.isCancelled { take(outcome) }
        flight.end(id)
    }

    private func take(_ outcome: Outcome) {
        var taken = outcome
        if let understood = understand(outcome) {
            known = understood
            failures = 0
            save(understood.record)
        } else {
            failures += 1
            if case .failure = outcome {} else { taken = .failure(Problem("unreadable"), status: nil) }
        }
        var problem: Problem?
        if case .failure(let failure, _) = taken { problem = failure }
        let seconds = Pace.waitSeconds(taken, failures: failures, random: settings.random())
        settle(problem, Pause(since: settings.clock.now(), seconds: seconds, asked: problem?.retryAfter != nil))
    }

    /// - Returns: nil when the answer makes no sense to this client, or is none
    private func understand(_ outcome: Outcome) -> (record: Record, value: Value)? {
        let now = settings.clock.now()
        switch outcome {
        case .failure:
            return nil
        case .unchanged(let times):
            guard var same = known else { return nil }
            (same.record.age, same.record.receivedAt) = (times.age, now)
            return same
        case .value(let body, let etag, let times):
            guard let value = Members(body).flatMap(parse) else { return nil }
            let owner = settings.owner
            return (Record(owner: owner, body: body, etag: etag, age: times.age, receivedAt: now), value)
        }
    }

    private func settle(_ problem: Problem?, _ pause: Pause?) {
        self.problem = problem
        self.pause = pause
        version += 1
        for nap in naps.values { nap.cancel() }
    }

    /// A clock that was put back must not make a pause longer than it was.
    private func secondsLeft() -> Double {
        guard let pause else { return 0 }
        let passed = settings.clock.now().timeIntervalSince(pause.since)
        return passed < 0 ? 0 : pause.seconds - passed
    }

    private func reading() -> Reading<Value> {
        let due = isOver ? Pace.hopelessSeconds : max(0, secondsLeft())
        guard let (record, value) = known else {
            return Reading(value: nil, asOf: nil, age: nil, problem: problem, due: due)
        }
        let passed = max(0, settings.clock.now().timeIntervalSince(record.receivedAt))
        let asOf = record.receivedAt.addingTimeInterval(-Double(record.age))
        return Reading(value: value, asOf: asOf, age: record.age + Int(passed), problem: problem, due: due)
    }

    private func load() {
        if loaded { return }
        loaded = true
        // What cannot be read is nothing stored.
        guard let text = try? settings.store.read(path),
            let record = try? JSONDecoder().decode(Record.self, from: Data(text.utf8)),
            record.owner == settings.owner,
            let value = Members(record.body).flatMap(parse)
        else { return }
        known = (record, value)
    }

    private func save(_ record: Record) {
        // What cannot be written is still known in this process.
        guard let data = try? JSONEncoder().encode(record) else { return }
        try? settings.store.write(path, String(decoding: data, as: UTF8.self))
    }
}
