import Foundation

/// Time, for tests to move.
public protocol BalanceClock: Sendable {
    func now() -> Date
    func sleep(seconds: Double) async throws
}

public struct RealClock: BalanceClock {
    public init() {}

    public func now() -> Date { Date() }

    public func sleep(seconds: Double) async throws {
        try await Task.sleep(nanoseconds: UInt64(seconds * 1_000_000_000))
    }
}

struct Settings: Sendable {
    let owner: String
    let exchange: Exchange
    let store: any BalanceStore
    let clock: any BalanceClock
    let random: @Sendable () -> Double
}

/// A client of the balance proxy; make one per signed-in user and share it. See README.md beside it.
///
/// Nothing throws because of the network or the proxy: a `Reading` holds the last known value and the
/// problem. Only a cancelled task makes `refresh`, `status` and `history` throw, a `CancellationError`.
public actor BalanceClient {
    private let settings: Settings
    private let balance: Resource<Balance>
    private let standing: Resource<Status>
    private var histories: [Int: Resource<History>] = [:]
    private var isOver = false

    /// - Parameters:
    ///   - owner: who is signed in, e.g. the user's id: what another one left in the store is not shown
    ///   - timeout: seconds for a request with its answer; beyond what the proxy itself waits for Zoo
    ///   - headers: more of them, e.g. `X-Firebase-AppCheck`; asked for before every request
    ///   - credential: the bearer credential, asked for before every request: keep it until it expires.
    ///     `renew` asks for a new one, since the proxy refused the last. When it throws: `no_credential`
    public init(
        baseURL: URL,
        owner: String,
        store: any BalanceStore,
        timeout: Double = 20,
        clock: any BalanceClock = RealClock(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        headers: @escaping @Sendable () async throws -> [String: String] = { [:] },
        credential: @escaping @Sendable (_ renew: Bool) async throws -> String
    ) {
        let exchange = Exchange(baseURL: baseURL, timeout: timeout, credential: credential, headers: headers)
        settings = Settings(owner: owner, exchange: exchange, store: store, clock: clock, random: random)
        balance = Resource(settings, path: "/v1/balance", parse: readBalance)
        standing = Resource(settings, path: "/v1/balance/status", parse: readStatus)
    }

    /// The last known at once, from storage after a start; then the new one; then every newer one, asked
    /// for when the last is due. Leave the loop, and nothing is asked any more.
    public nonisolated func balances() -> AsyncStream<Reading<Balance>> {
        balance.watch()
    }

    /// Pull to refresh. While the proxy has asked for patience (`Retry-After`), it is not asked.
    public func refresh() async throws -> Reading<Balance> {
        try await balance.refresh(force: true)
    }

    /// For widgets and watches: how the account stands, without amounts.
    public func status() async throws -> Reading<Status> {
        try await standing.refresh(force: false)
    }

    public func history(days: Int = 30) async throws -> Reading<History> {
        let path = "/v1/balance/history?days=\(days)"
        let resource = histories[days] ?? Resource(settings, path: path, parse: readHistory)
        histories[days] = resource
        if isOver { await resource.end() }
        return try await resource.refresh(force: false)
    }

    /// At sign-out: nothing of this user is left, on the screen or in the store, whatever is under way. This
    /// client then asks and stores nothing any more: each reading says `signed_out`.
    public func clear() async throws {
        isOver = true
        await balance.end()
        await standing.end()
        for history in histories.values { await history.end() }
        try settings.store.clear()
    }
}
