import Foundation

/// What a screen shows. The initializers are for previews and tests.
public struct Reading<Value: Sendable>: Sendable {
    /// The last known; nil when there never was one.
    public let value: Value?
    /// When Zoo said so, by this device's clock, which may be wrong.
    public let asOf: Date?
    /// Seconds since then: right even where the clock is wrong.
    public let age: Int?
    /// Nil when the value is what the proxy has now, or nothing was asked yet: without a value, it is loading.
    public let problem: Problem?
    /// Seconds until it is worth asking again: what a widget or a background task plans by.
    public let due: Double

    public init(value: Value?, asOf: Date?, age: Int?, problem: Problem? = nil, due: Double = 0) {
        self.value = value
        self.asOf = asOf
        self.age = age
        self.problem = problem
        self.due = due
    }
}

/// Why the proxy said nothing newer. When it is Zoo that fails, there may be none: then the value is `stale`.
public struct Problem: Sendable, Equatable {
    /// A code of the API, or one of the client's own: `offline` (no answer, or not the whole of it),
    /// `intercepted` (something else answered: a captive portal), `unreadable`, `unavailable` (a server
    /// error that is not the API's), `no_credential` (the identity provider gave none) and `signed_out`
    /// (`clear()` was called: this client asks nothing any more).
    public let code: String
    /// Seconds, as `Retry-After` said; nil when nothing was said.
    public let retryAfter: Int?
    /// For a report to whoever runs the proxy.
    public let requestID: String?

    public init(_ code: String, retryAfter: Int? = nil, requestID: String? = nil) {
        self.code = code
        self.retryAfter = retryAfter
        self.requestID = requestID
    }
}

/// Words (`status`, `blocked`, `staleReason`) are open: show a new one as it is, or as if it were not there.
public struct Balance: Sendable, Equatable {
    public struct Monthly: Sendable, Equatable {
        public let remaining: Decimal?
        public let allowance: Decimal?
        public let refreshesAt: Date?

        public init(remaining: Decimal? = nil, allowance: Decimal? = nil, refreshesAt: Date? = nil) {
            self.remaining = remaining
            self.allowance = allowance
            self.refreshesAt = refreshesAt
        }
    }

    public struct Prepaid: Sendable, Equatable {
        public let remaining: Decimal?
        /// The refundable part of `remaining`, not more money.
        public let cash: Decimal?

        public init(remaining: Decimal? = nil, cash: Decimal? = nil) {
            self.remaining = remaining
            self.cash = cash
        }
    }

    public struct Plan: Sendable, Equatable {
        public let name: String
        public let title: String

        public init(name: String, title: String) {
            self.name = name
            self.title = title
        }
    }

    public let account: String?
    /// `ok`, `low`, `exhausted`, `contract`, `blocked`, or what comes next.
    public let status: String
    public let currency: String
    public let available: Decimal
    /// Below it the balance is low: where a gauge turns red.
    public let lowBelow: Decimal?
    public let blocked: String?
    public let payAsYouGo: Bool?
    public let monthly: Monthly
    public let prepaid: Prepaid
    public let totalDue: Decimal?
    public let plan: Plan?
    public let stale: Bool
    public let staleReason: String?

    public init(
        account: String? = nil,
        status: String,
        currency: String = "USD",
        available: Decimal,
        lowBelow: Decimal? = nil,
        blocked: String? = nil,
        payAsYouGo: Bool? = nil,
        monthly: Monthly = Monthly(),
        prepaid: Prepaid = Prepaid(),
        totalDue: Decimal? = nil,
        plan: Plan? = nil,
        stale: Bool = false,
        staleReason: String? = nil
    ) {
        self.account = account
        self.status = status
        self.currency = currency
        self.available = available
        self.lowBelow = lowBelow
        self.blocked = blocked
        self.payAsYouGo = payAsYouGo
        self.monthly = monthly
        self.prepaid = prepaid
        self.totalDue = totalDue
        self.plan = plan
        self.stale = stale
        self.staleReason = staleReason
    }
}

/// What the scope `balance:status` is enough for: no amounts.
public struct Status: Sendable, Equatable {
    public let account: String?
    public let status: String
    public let stale: Bool
    public let staleReason: String?

    public init(
        account: String? = nil,
        status: String,
        stale: Bool = false,
        staleReason: String? = nil
    ) {
        self.account = account
        self.status = status
        self.stale = stale
        self.staleReason = staleReason
    }
}

public struct History: Sendable, Equatable {
    public struct Point: Sendable, Equatable {
        public let at: Date
        public let available: Decimal
    }

    public let points: [Point]
    public let spendPerDay: Decimal?
    public let lastsUntil: Date?
    public let forecastReason: String?
}
