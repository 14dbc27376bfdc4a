import Foundation
import Testing

@testable import Recipes
@testable import ZooBalance

private let nowhere = URL(string: "http://127.0.0.1:1")!

private func temporaryFolder() -> URL {
    FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
}

private func client(_ store: any BalanceStore, owner: String = "user-1") -> BalanceClient {
    BalanceClient(baseURL: nowhere, owner: owner, store: store) { _ in "credential" }
}

private func record(_ body: String, owner: String = "user-1") throws -> String {
    let record = Record(owner: owner, body: body, etag: nil, age: 5, receivedAt: Date())
    return String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
}

private let body = #"{"status":"ok","available":"10.50","stale":false}"#

@Test func offlineShowsWhatIsStored() async throws {
    let store = FileStore(folder: temporaryFolder())
    try store.write("/v1/balance", record(body))
    let reading = try await client(store).refresh()
    #expect(reading.value?.available == Decimal(string: "10.5"))
    #expect(reading.problem?.code == "offline")
    try store.clear()
}

@Test func aDamagedFileIsNothingStored() async throws {
    let store = FileStore(folder: temporaryFolder())
    try store.write("/v1/balance", "{\"owner\":")
    let reading = try await client(store).refresh()
    #expect(reading.value == nil)
    try store.clear()
}

@Test func clearingLeavesNoFile() async throws {
    let folder = temporaryFolder()
    let store = FileStore(folder: folder)
    try store.write("/v1/balance", record(body))
    try await client(store).clear()
    #expect(!FileManager.default.fileExists(atPath: folder.path))
}

@Test func aClientThatWasSignedOutAsksNothingAndStoresNothing() async throws {
    let folder = temporaryFolder()
    let asked = Counter()
    let client = BalanceClient(baseURL: nowhere, owner: "user-1", store: FileStore(folder: folder)) { _ in
        await asked.add()
        return "credential"
    }
    try await client.clear()
    let codes = [
        try await client.refresh().problem?.code,
        try await client.status().problem?.code,
        try await client.history().problem?.code,
    ]
    #expect(codes == ["signed_out", "signed_out", "signed_out"])
    #expect(await asked.count == 0)
    #expect(!FileManager.default.fileExists(atPath: folder.path))
}

@Test func aSignOutWhileACallIsUnderWayEndsStreamsAndWhoeverWaits() async throws {
    let (arrivals, arrived) = AsyncStream<Void>.makeStream()
    let asked = Counter()
    let client = BalanceClient(baseURL: nowhere, owner: "user-1", store: NoStore()) { _ in
        await asked.add()
        arrived.yield()
        try await Task.sleep(nanoseconds: .max)
        return "never"
    }
    let stream = Task {
        var codes: [String?] = []
        for await reading in client.balances() { codes.append(reading.problem?.code) }
        return codes
    }
    for await _ in arrivals { break }
    let forced = Task { try await client.refresh() }
    try await client.clear()
    #expect(try await forced.value.problem?.code == "signed_out")
    #expect(await stream.value == [nil, "signed_out"])
    #expect(await asked.count == 1)
}

private actor Counter {
    private(set) var count = 0

    func add() { count += 1 }
}

/// The store of somebody who counts on nothing of the file system.
private struct NoStore: BalanceStore {
    func read(_: String) throws -> String? { throw CocoaError(.fileReadNoPermission) }
    func write(_: String, _: String) throws { throw CocoaError(.fileWriteNoPermission) }
    func clear() throws {}
}

@Test func aStoreThatFailsCostsNothingButTheMemory() async throws {
    let reading = try await client(NoStore()).refresh()
    #expect(reading.problem?.code == "offline")
}

@Test func aCancelledRefreshThrowsCancellation() async {
    let waiting = BalanceClient(baseURL: nowhere, owner: "user-1", store: NoStore()) { _ in
        try await Task.sleep(nanoseconds: .max)
        return "never"
    }
    let task = Task { try await waiting.refresh() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
}

@Test func upToAFifthIsAddedToRetryAfter() {
    let busy = Outcome.failure(Problem("rate_limited", retryAfter: 30), status: 429)
    #expect(Pace.waitSeconds(busy, failures: 1, random: 0) == 30)
    #expect(Pace.waitSeconds(busy, failures: 9, random: 1) == 36)
}

@Test func withoutRetryAfterTheWaitDoublesUpToAMinute() {
    let offline = Outcome.failure(Problem("offline"), status: nil)
    let waits = (1...8).map { Pace.waitSeconds(offline, failures: $0, random: 0) }
    #expect(waits == [2, 4, 8, 16, 32, 60, 60, 60])
}

@Test(arguments: ["", "-", "12 pigs", "1.", ".5", "1e3", "1.2.3", "--1", "1-2"])
func whatIsNoDecimalIsNone(text: String) {
    #expect(Members("{\"amount\":\"\(text)\"}")?.decimal("amount") == nil)
}

private func known(age: Int, due: Double, refreshesAt: String = "null") throws -> Reading<Balance> {
    let text = #"{"status":"ok","available":"1.00","monthly":{"refreshes_at":\#(refreshesAt)}}"#
    let balance = try #require(Members(text).flatMap(readBalance))
    return Reading(value: balance, asOf: Date(), age: age, problem: nil, due: due)
}

private let now = Date(timeIntervalSince1970: 1_800_000_000)

@Test func aWidgetDimsAValueThatBecomesAnHourOld() throws {
    let (entries, reload) = try timeline(known(age: 600, due: 53), now: now)
    #expect(entries.map(\.isOld) == [false, true])
    #expect(entries.map(\.date) == [now, now + 3_000])
    #expect(reload == now + 1_200)
}

@Test func aWidgetReloadsWhenTheMonthsCreditsAreRefreshed() throws {
    let soon = (now + 300).ISO8601Format()
    let (entries, reload) = try timeline(known(age: 7_200, due: 3_000, refreshesAt: "\"\(soon)\""), now: now)
    #expect(entries.map(\.isOld) == [true])
    #expect(reload == now + 360)
}
