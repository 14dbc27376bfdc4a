/// Whoever asks while a call is under way shares it. The last one to leave cancels it.
struct SingleFlight {
    typealias Waiter = CheckedContinuation<Void, any Error>

    private(set) var id = 0
    private(set) var isForced = false
    private var task: Task<Void, Never>?
    private var waiters: [Int: Waiter] = [:]

    var isUnderWay: Bool { task != nil }

    mutating func begin(forced: Bool, call: @escaping @Sendable (_ id: Int) async -> Void) {
        id += 1
        isForced = forced
        task = Task { [id] in await call(id) }
    }

    mutating func wait(_ waiter: Waiter, as number: Int) {
        waiters[number] = waiter
    }

    mutating func leave(_ number: Int) {
        guard let waiter = waiters.removeValue(forKey: number) else { return }
        waiter.resume(throwing: CancellationError())
        // Whoever comes now must not share a call that is being cancelled.
        if waiters.isEmpty { cancel() }
    }

    mutating func end(_ ended: Int) {
        if ended == id { release() }
    }

    /// Whoever waits goes on at once.
    mutating func cancel() {
        task?.cancel()
        release()
    }

    private mutating func release() {
        task = nil
        for waiter in waiters.values { waiter.resume() }
        waiters = [:]
    }
}
