package zoobalance

import java.io.IOException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.flow.updateAndGet
import kotlinx.coroutines.launch
import kotlinx.coroutines.selects.select
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.JsonObject

/** One resource of the proxy: what is known of it, kept over restarts, and when to ask again. */
internal class Resource<T : Any>(
    private val settings: Settings,
    private val path: String,
    private val parse: (JsonObject) -> T,
) {
    private class Known<T>(val record: Record, val value: T)

    /** @property asked the server named it: then it holds for a forced request as well */
    private class Pause(val since: Long, val millis: Long, val asked: Boolean)

    private class State<T>(
        val known: Known<T>? = null,
        val problem: Problem? = null,
        val pause: Pause? = null,
        val failures: Int = 0,
        val isOver: Boolean = false,
    )

    private val state = MutableStateFlow(State<T>())
    private val flight = SingleFlight(settings.scope)
    private val loading = Mutex()
    private var loaded = false

    /**
     * The last known at once, then the new one, then every newer one while somebody collects. It ends
     * with [end], of which it tells.
     */
    fun watch(): Flow<Reading<T>> = flow {
        var shown = last()
        emit(read(shown))
        while (!shown.isOver) {
            if (state.value === shown) next(shown)
            val now = state.value
            if (now !== shown) emit(read(now))
            shown = now
        }
    }

    suspend fun refresh(force: Boolean): Reading<T> {
        val known = last()
        val patience = known.pause?.asked == true && millisLeft(known) > 0
        if (!patience) flight.join(force) { ask(force) }
        return read(state.value)
    }

    /**
     * For good: the value is forgotten and the call under way cancelled. What it brings is nobody's any
     * more, and the credential may be somebody else's by now.
     */
    suspend fun end() {
        loading.withLock { loaded = true }
        state.update { if (it.isOver) it else State(problem = Problem("signed_out"), isOver = true) }
        flight.cancel()
    }

    /** What is known, from storage or from this process; nothing is asked. */
    private suspend fun last(): State<T> {
        loading.withLock {
            if (!loaded) load()
            loaded = true
        }
        return state.value
    }

    /** Until the time has passed or somebody else's call has brought something. */
    private suspend fun next(shown: State<T>) {
        val left = millisLeft(shown)
        if (left <= 0) {
            refresh(force = false)
            return
        }
        coroutineScope {
            val sleep = launch { settings.clock.sleep(left) }
            val change = launch { state.first { it !== shown } }
            select {
                sleep.onJoin {}
                change.onJoin {}
            }
            coroutineContext.cancelChildren()
        }
    }

    private suspend fun ask(force: Boolean) {
        val before = state.value
        // Begun after end(), or waited for the call that it has cancelled.
        if (before.isOver) return
        val outcome = settings.exchange.ask(path, before.known?.record?.etag, force)
        val known = understand(outcome, before.known)
        val taken = if (known == null && outcome !is Outcome.Failure) UNREADABLE else outcome
        val failures = if (known == null) before.failures + 1 else 0
        val problem = (taken as? Outcome.Failure)?.problem
        val pause = Pause(
            since = settings.clock.now(),
            millis = waitMillis(taken, failures, settings.random()),
            asked = problem?.retryAfterSeconds != null,
        )
        val after = state.updateAndGet {
            if (it.isOver) it else State(known ?: it.known, problem, pause, failures)
        }
        if (known != null && !after.isOver) save(known.record)
    }

    /** @return null when the answer makes no sense to this client, or is none */
    private fun understand(outcome: Outcome, before: Known<T>?): Known<T>? = when (outcome) {
        is Outcome.Failure -> null
        is Outcome.Unchanged ->
            before?.let { Known(it.record.copy(age = outcome.times.age, receivedAt = settings.clock.now()), it.value) }
        is Outcome.Value -> {
            val record =
                Record(settings.owner, outcome.body, outcome.etag, outcome.times.age, settings.clock.now())
            valueOf(outcome.body)?.let { Known(record, it) }
        }
    }

    private fun valueOf(body: String): T? = try {
        parseObject(body)?.let(parse)
    } catch (_: SerializationException) {
        null
    }

    /** A clock that was put back must not make a pause longer than it was. */
    private fun millisLeft(state: State<T>): Long {
        val pause = state.pause ?: return 0
        val passed = settings.clock.now() - pause.since
        return if (passed < 0) 0 else pause.millis - passed
    }

    private fun read(state: State<T>): Reading<T> {
        val due = if (state.isOver) 1_000 * HOPELESS_SECONDS.toLong() else maxOf(0, millisLeft(state))
        val (record, value) = state.known?.run { record to value }
            ?: return Reading(null, null, null, state.problem, due)
        val passed = maxOf(0, settings.clock.now() - record.receivedAt) / 1_000
        val asOf = record.receivedAt - 1_000 * record.age
        return Reading(value, asOf, record.age + passed, state.problem, due)
    }

    private suspend fun load() = withContext(Dispatchers.IO) {
        val text = settings.storing.withLock { orNull { settings.store.read(path) } }
        val record = text?.let(Record::parse)?.takeIf { it.owner == settings.owner }
        val value = record?.let { valueOf(it.body) }
        if (value != null) state.value = State(Known(record, value))
    }

    private suspend fun save(record: Record) = withContext(Dispatchers.IO) {
        // Under the lock that a sign-out takes to clear: what it removed must not be there again.
        settings.storing.withLock {
            if (!state.value.isOver) orNull { settings.store.write(path, record.toString()) }
        }
    }

    private companion object {
        val UNREADABLE = Outcome.Failure(Problem("unreadable"))
    }
}

/** What cannot be read is nothing stored; what cannot be written is still known in this process. */
private fun <T> orNull(access: () -> T): T? = try {
    access()
} catch (_: IOException) {
    null
}
