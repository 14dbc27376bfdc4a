/** Reads the proxy's answers generously: members that are new are ignored, members that are missing are null. */
package zoobalance

import java.math.BigDecimal
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.booleanOrNull

private val DECIMAL = Regex("""-?\d{1,30}(\.\d{1,30})?""")

internal fun JsonObject.text(name: String): String? =
    (this[name] as? JsonPrimitive)?.takeIf { it.isString }?.content

internal fun JsonObject.flag(name: String): Boolean? =
    (this[name] as? JsonPrimitive)?.takeIf { !it.isString }?.booleanOrNull

private fun JsonObject.decimal(name: String): BigDecimal? =
    text(name)?.takeIf(DECIMAL::matches)?.let(::BigDecimal)

private fun JsonObject.members(name: String): JsonObject = this[name] as? JsonObject ?: JsonObject(emptyMap())

private fun <T : Any> T?.must(): T =
    this ?: throw SerializationException("A member without which nothing can be shown is missing")

internal fun readStatus(body: JsonObject) = Status(
    account = body.text("account"),
    status = body.text("status").must(),
    stale = body.flag("stale") ?: false,
    staleReason = body.text("stale_reason"),
)

internal fun readBalance(body: JsonObject): Balance {
    val standing = readStatus(body)
    val monthly = body.members("monthly")
    val prepaid = body.members("prepaid")
    val plan = body.members("plan")
    return Balance(
        account = standing.account,
        status = standing.status,
        currency = body.text("currency") ?: "USD",
        available = body.decimal("available").must(),
        lowBelow = body.decimal("low_below"),
        blocked = body.text("blocked"),
        payAsYouGo = body.flag("pay_as_you_go"),
        monthly = Monthly(
            remaining = monthly.decimal("remaining"),
            allowance = monthly.decimal("allowance"),
            refreshesAt = monthly.text("refreshes_at"),
        ),
        prepaid = Prepaid(remaining = prepaid.decimal("remaining"), cash = prepaid.decimal("cash")),
        totalDue = body.decimal("total_due"),
        plan = plan.text("name")?.let { Plan(name = it, title = plan.text("title") ?: it) },
        stale = standing.stale,
        staleReason = standing.staleReason,
    )
}

internal fun readHistory(body: JsonObject) = History(
    points = (body["points"] as? JsonArray).must().mapNotNull(::readPoint),
    spendPerDay = body.decimal("spend_per_day"),
    lastsUntil = body.text("lasts_until"),
    forecastReason = body.text("forecast_reason"),
)

private fun readPoint(element: JsonElement): Point? {
    val point = element as? JsonObject ?: return null
    return Point(at = point.text("at") ?: return null, available = point.decimal("available") ?: return null)
}
