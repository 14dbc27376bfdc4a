import Foundation

/// Reads the proxy's answers generously: members that are new are ignored, members that are missing are nil.
struct Members {
    private let values: [String: Any]

    /// Nil when it is no JSON object.
    init?(_ text: String) {
        guard let values = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            return nil
        }
        self.values = values
    }

    private init(_ value: Any?) {
        values = value as? [String: Any] ?? [:]
    }

    func text(_ name: String) -> String? { values[name] as? String }
    func flag(_ name: String) -> Bool? { values[name] as? Bool }
    func members(_ name: String) -> Members { Members(values[name]) }
    func list(_ name: String) -> [Members]? { (values[name] as? [Any])?.map { Members($0) } }

    /// Whole seconds and a `Z`, as the proxy writes them.
    func time(_ name: String) -> Date? { text(name).flatMap { try? Date($0, strategy: .iso8601) } }

    /// Exact: `Decimal` holds 38 digits. It would also read "12 pigs".
    func decimal(_ name: String) -> Decimal? {
        guard let text = text(name) else { return nil }
        let isDecimal = text.range(of: #"^-?[0-9]+(\.[0-9]+)?\z"#, options: .regularExpression) != nil
        guard isDecimal, text.count <= 38 else { return nil }
        return Decimal(string: text, locale: Locale(identifier: "en_US_POSIX"))
    }
}

@Sendable func readStatus(_ body: Members) -> Status? {
    guard let status = body.text("status") else { return nil }
    return Status(
        account: body.text("account"),
        status: status,
        stale: body.flag("stale") ?? false,
        staleReason: body.text("stale_reason")
    )
}

@Sendable func readBalance(_ body: Members) -> Balance? {
    guard let standing = readStatus(body), let available = body.decimal("available") else { return nil }
    let monthly = body.members("monthly")
    let prepaid = body.members("prepaid")
    let plan = body.members("plan")
    return Balance(
        account: standing.account,
        status: standing.status,
        currency: body.text("currency") ?? "USD",
        available: available,
        lowBelow: body.decimal("low_below"),
        blocked: body.text("blocked"),
        payAsYouGo: body.flag("pay_as_you_go"),
        monthly: .init(
            remaining: monthly.decimal("remaining"),
            allowance: monthly.decimal("allowance"),
            refreshesAt: monthly.time("refreshes_at")
        ),
        prepaid: .init(remaining: prepaid.decimal("remaining"), cash: prepaid.decimal("cash")),
        totalDue: body.decimal("total_due"),
        plan: plan.text("name").map { .init(name: $0, title: plan.text("title") ?? $0) },
        stale: standing.stale,
        staleReason: standing.staleReason
    )
}

@Sendable func readHistory(_ body: Members) -> History? {
    guard let points = body.list("points") else { return nil }
    return History(
        points: points.compactMap { point in
            guard let at = point.time("at"), let available = point.decimal("available") else { return nil }
            return .init(at: at, available: available)
        },
        spendPerDay: body.decimal("spend_per_day"),
        lastsUntil: body.time("lasts_until"),
        forecastReason: body.text("forecast_reason")
    )
}
