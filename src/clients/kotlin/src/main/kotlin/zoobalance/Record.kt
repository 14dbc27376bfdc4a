package zoobalance

import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.longOrNull
import kotlinx.serialization.json.put

/**
 * As stored: the body with its ETag, in one piece, so that a 304 is never paired with another's body.
 *
 * @property age seconds that it was old when it was received
 * @property receivedAt when that was, by this device's clock
 */
internal data class Record(
    val owner: String,
    val body: String,
    val etag: String?,
    val age: Long,
    val receivedAt: Long,
) {
    override fun toString(): String = buildJsonObject {
        put("owner", owner)
        put("body", body)
        put("etag", etag)
        put("age", age)
        put("receivedAt", receivedAt)
    }.toString()

    companion object {
        fun parse(text: String): Record? {
            val members = parseObject(text) ?: return null
            return Record(
                owner = members.text("owner") ?: return null,
                body = members.text("body") ?: return null,
                etag = members.text("etag"),
                age = (members["age"] as? JsonPrimitive)?.longOrNull ?: return null,
                receivedAt = (members["receivedAt"] as? JsonPrimitive)?.longOrNull ?: return null,
            )
        }
    }
}
