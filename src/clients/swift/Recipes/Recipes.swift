/// Recipes for iOS and watchOS: what is Apple's own is compiled where it is there.
import Foundation
import ZooBalance

/// What a widget shows from `date` on.
public struct BalanceEntry: Sendable, Equatable {
    public let date: Date
    public let available: Decimal?
    public let status: String?
    /// `Text(asOf, style: .relative)` ticks by itself.
    public let asOf: Date?
    public let isOld: Bool
}

/// For previews: a balance that is low, out of date and offline at once.
public let previewReading = Reading(
    value: Balance(status: "low", available: 4.2, monthly: .init(remaining: 4.2, allowance: 20), stale: true),
    asOf: Date(timeIntervalSinceNow: -600),
    age: 600,
    problem: Problem("offline")
)

/// A widget has a budget of about 40 to 70 reloads a day.
private let leastSeconds = 20.0 * 60
private let oldSeconds = 3_600.0

/// Dated readings: the value now, and the same one dimmed once it is an hour old, should no reload come.
/// The reload is due when the value may have changed, or the month's credits have been refreshed.
public func timeline(_ reading: Reading<Balance>, now: Date) -> (entries: [BalanceEntry], reload: Date) {
    let entry = { (date: Date, isOld: Bool) in
        BalanceEntry(
            date: date,
            available: reading.value?.available,
            status: reading.value?.status,
            asOf: reading.asOf,
            isOld: isOld
        )
    }
    let oldAt = now.addingTimeInterval(oldSeconds - Double(reading.age ?? 0))
    let entries = oldAt > now ? [entry(now, false), entry(oldAt, true)] : [entry(now, true)]
    let due = now.addingTimeInterval(max(leastSeconds, reading.due))
    guard let refresh = reading.value?.monthly.refreshesAt, refresh > now else { return (entries, due) }
    return (entries, min(due, refresh.addingTimeInterval(60)))
}

/// Firebase App Check: `token` is `{ try await AppCheck.appCheck().token(forcingRefresh: false).token }`.
public func attestedClient(
    baseURL: URL,
    userID: String,
    store: any BalanceStore,
    token: @escaping @Sendable () async throws -> String,
    credential: @escaping @Sendable (Bool) async throws -> String
) -> BalanceClient {
    BalanceClient(
        baseURL: baseURL,
        owner: userID,
        store: store,
        headers: { ["X-Firebase-AppCheck": try await token()] },
        credential: credential
    )
}

#if canImport(WidgetKit) && canImport(SwiftUI)
import WidgetKit

extension BalanceEntry: TimelineEntry {}

/// Give app and widget one `FileStore` in the app group's container, and the widget the scope it needs.
/// A client for each turn: the widget's process does not hear of the app's `clear()`, only of an empty store.
public struct BalanceProvider: TimelineProvider {
    let makeClient: @Sendable () -> BalanceClient

    public init(makeClient: @escaping @Sendable () -> BalanceClient) { self.makeClient = makeClient }

    public func placeholder(in _: Context) -> BalanceEntry {
        BalanceEntry(date: Date(), available: nil, status: nil, asOf: nil, isOld: false)
    }

    public func getSnapshot(in context: Context, completion: @escaping @Sendable (BalanceEntry) -> Void) {
        let placeholder = placeholder(in: context)
        Task {
            for await reading in makeClient().balances() {
                return completion(timeline(reading, now: Date()).entries.first ?? placeholder)
            }
        }
    }

    public func getTimeline(in _: Context, completion: @escaping @Sendable (Timeline<BalanceEntry>) -> Void) {
        Task {
            let (entries, reload) = timeline(try await makeClient().refresh(), now: Date())
            completion(Timeline(entries: entries, policy: .after(reload)))
        }
    }
}
#endif

#if canImport(BackgroundTasks) && os(iOS)
import BackgroundTasks

/// When the app goes into the background: the first one has to be asked for. A later plan replaces an earlier one.
public func planRefresh(at date: Date? = nil) {
    let request = BGAppRefreshTaskRequest(identifier: "balance")
    request.earliestBeginDate = date ?? Date(timeIntervalSinceNow: leastSeconds)
    try? BGTaskScheduler.shared.submit(request)
}

/// In the App's scene, on iOS 16 and up:
///
///     .onChange(of: scenePhase) { phase in if phase == .background { planRefresh() } }
///     .backgroundTask(.appRefresh("balance")) { await refreshInBackground(client) }
public func refreshInBackground(_ client: BalanceClient) async {
    // Before all else: a refresh that the system cuts short must not be the last.
    planRefresh()
    guard let reading = try? await client.refresh() else { return }
    planRefresh(at: timeline(reading, now: Date()).reload)
}
#endif
