/** Plays the steps of test/clients/states.ts: a line of JSON in, a line of JSON out. */
package zoobalance

import java.io.File
import java.math.BigDecimal
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.put

private class HarnessClock(start: Long, private val emit: (JsonObject) -> Unit) : Clock {
    @Volatile private var now = start
    private val sleepers = mutableSetOf<CompletableDeferred<Unit>>()

    override fun now() = now

    override suspend fun sleep(millis: Long) {
        val waking = CompletableDeferred<Unit>()
        synchronized(sleepers) { sleepers += waking }
        emit(buildJsonObject { put("event", "sleep"); put("milliseconds", millis) })
        waking.await()
    }

    fun advance(millis: Long) {
        now += millis
        synchronized(sleepers) {
            sleepers.forEach { it.complete(Unit) }
            sleepers.clear()
        }
    }
}

private class Harness(start: JsonObject, private val scope: CoroutineScope, private val emit: (JsonObject) -> Unit) {
    private val clock = HarnessClock(start.getValue("now").jsonPrimitive.long, emit)
    private var credentials = texts(start["credentials"])
    private val client = BalanceClient(
        baseUrl = start.text("baseUrl")!!,
        owner = start.text("owner")!!,
        store = FileStore(File(start.text("folder")!!)),
        credential = { renew ->
            if (renew && credentials.size > 1) credentials = credentials.drop(1)
            credentials.first().also { check(it != "none") { "The identity provider cannot be reached" } }
        },
        timeoutMillis = start.getValue("timeout").jsonPrimitive.long,
        clock = clock,
        random = { 0.0 },
    )
    private var watching: Job = Job()
    private var begun: Deferred<JsonObject> = CompletableDeferred(JsonObject(emptyMap()))

    suspend fun play(command: JsonObject): JsonObject {
        when (val op = command.text("op")) {
            "credentials" -> credentials = texts(command["credentials"])
            "last" -> return shown(client.balances().first())
            "refresh" -> return shown(client.refresh())
            "status" -> return shown(client.status())
            "history" -> return historyShown(client.history())
            "watch" -> watching = scope.launch { follow() }
            "unwatch" -> watching.cancelAndJoin()
            "advance" -> clock.advance(command.getValue("milliseconds").jsonPrimitive.long)
            "begin" -> begun = scope.async { shown(client.refresh()) }
            "cancel" -> {
                begun.cancelAndJoin()
                return buildJsonObject { put("cancelled", begun.isCancelled) }
            }
            "outcome" -> return begun.await()
            "clear" -> client.clear()
            else -> error("There is no $op")
        }
        return JsonObject(emptyMap())
    }

    private suspend fun follow() = try {
        client.balances().collect { emit(buildJsonObject { put("event", "reading"); put("reading", shown(it)) }) }
    } finally {
        emit(buildJsonObject { put("event", "end") })
    }
}

private fun texts(list: JsonElement?) = (list as JsonArray).map { it.jsonPrimitive.content }

private fun plain(decimal: BigDecimal?) = decimal?.stripTrailingZeros()?.toPlainString()

private fun shown(reading: Reading<Any>): JsonObject {
    val balance = reading.value as? Balance
    val status = reading.value as? Status
    return buildJsonObject {
        put("available", plain(balance?.available))
        put("status", balance?.status ?: status?.status)
        put("low_below", plain(balance?.lowBelow))
        put("blocked", balance?.blocked)
        put("total_due", plain(balance?.totalDue))
        put("plan", balance?.plan?.title)
        put("stale", balance?.stale ?: status?.stale)
        put("stale_reason", balance?.staleReason ?: status?.staleReason)
        put("problem", reading.problem?.code)
        put("age", reading.ageSeconds)
    }
}

private fun historyShown(reading: Reading<History>) = buildJsonObject {
    put("points", reading.value?.points?.size)
    put("forecast_reason", reading.value?.forecastReason)
    put("problem", JsonPrimitive(reading.problem?.code))
}

fun main() = runBlocking(Dispatchers.Default) {
    val emit = { message: JsonObject -> println(message) }
    var harness: Harness? = null
    for (line in generateSequence(::readlnOrNull)) {
        val command = Json.parseToJsonElement(line) as JsonObject
        val answer = if (command.text("op") == "start") {
            harness = Harness(command, this, emit)
            JsonObject(emptyMap())
        } else {
            harness!!.play(command)
        }
        emit(buildJsonObject { put("answer", answer) })
    }
    System.exit(0)
}
