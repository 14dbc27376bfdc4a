package zoobalance

import java.math.BigDecimal

/** What a screen shows. */
data class Reading<out T>(
    /** The last known; null when there never was one. */
    val value: T?,
    /** When Zoo said so, in milliseconds since 1970 by this device's clock, which may be wrong. */
    val asOfMillis: Long?,
    /** Seconds since then: right even where the clock is wrong. */
    val ageSeconds: Long?,
    /** Null when the value is what the proxy has now, or nothing was asked yet: without a value, it is loading. */
    val problem: Problem?,
    /** Until it is worth asking again: what a widget or a background task plans by. */
    val dueMillis: Long,
)

/** Why the proxy said nothing newer. When it is Zoo that fails, there may be none: then the value is `stale`. */
data class Problem(
    /**
     * A code of the API, or one of the client's own: `offline` (no answer, or not the whole of it),
     * `intercepted` (something else answered: a captive portal), `unreadable`, `unavailable` (a server
     * error that is not the API's), `no_credential` (the identity provider gave none) and `signed_out`
     * (`clear()` was called: this client asks nothing any more).
     */
    val code: String,
    /** As `Retry-After` said; null when nothing was said. */
    val retryAfterSeconds: Long? = null,
    /** For a report to whoever runs the proxy. */
    val requestId: String? = null,
)

/** Words (`status`, `blocked`, `staleReason`) are open: show a new one as it is, or as if it were not there. */
data class Balance(
    val account: String?,
    /** `ok`, `low`, `exhausted`, `contract`, `blocked`, or what comes next. */
    val status: String,
    val currency: String,
    val available: BigDecimal,
    /** Below it the balance is low: where a gauge turns red. */
    val lowBelow: BigDecimal?,
    val blocked: String?,
    val payAsYouGo: Boolean?,
    val monthly: Monthly,
    val prepaid: Prepaid,
    val totalDue: BigDecimal?,
    val plan: Plan?,
    val stale: Boolean,
    val staleReason: String?,
)

/** @property refreshesAt RFC 3339, UTC, whole seconds */
data class Monthly(val remaining: BigDecimal?, val allowance: BigDecimal?, val refreshesAt: String?)

/** @property cash the refundable part of [remaining], not more money */
data class Prepaid(val remaining: BigDecimal?, val cash: BigDecimal?)

data class Plan(val name: String, val title: String)

/** What the scope `balance:status` is enough for: no amounts. */
data class Status(val account: String?, val status: String, val stale: Boolean, val staleReason: String?)

data class History(
    val points: List<Point>,
    val spendPerDay: BigDecimal?,
    val lastsUntil: String?,
    val forecastReason: String?,
)

data class Point(val at: String, val available: BigDecimal)
