package zoobalance

import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.TimeUnit
import kotlin.random.Random
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import okhttp3.HttpUrl.Companion.toHttpUrl
import okhttp3.OkHttpClient

/** Time, for tests to move. */
interface Clock {
    /** Milliseconds since 1970. */
    fun now(): Long

    suspend fun sleep(millis: Long)

    object Real : Clock {
        override fun now() = System.currentTimeMillis()

        override suspend fun sleep(millis: Long) = delay(millis)
    }
}

internal class Settings(
    val owner: String,
    val exchange: Exchange,
    val store: Store,
    val clock: Clock,
    val random: () -> Double,
) {
    /** Of the calls; each ends when nobody waits for it, so the client needs no close(). */
    val scope = CoroutineScope(SupervisorJob() + Dispatchers.IO)
    val storing = Mutex()
}

/**
 * A client of the balance proxy; make one per signed-in user and share it. See README.md beside it.
 *
 * Nothing throws because of the network or the proxy: a [Reading] holds the last known value and the problem.
 *
 * @param owner who is signed in, e.g. the user's id: what another one left in the store is not shown
 * @param credential the bearer credential, asked for before every request: keep it until it expires.
 *   `renew` asks for a new one, since the proxy refused the last. When it throws: `no_credential`
 * @param headers more of them, e.g. `X-Firebase-AppCheck`; asked for before every request
 * @param timeoutMillis for a request with its answer; beyond what the proxy itself waits for Zoo
 */
class BalanceClient(
    baseUrl: String,
    owner: String,
    private val store: Store,
    credential: suspend (renew: Boolean) -> String,
    http: OkHttpClient = OkHttpClient(),
    headers: suspend () -> Map<String, String> = { emptyMap() },
    timeoutMillis: Long = 20_000,
    clock: Clock = Clock.Real,
    random: () -> Double = Random::nextDouble,
) {
    private val settings = Settings(
        owner,
        Exchange(baseUrl.toHttpUrl().toString().trimEnd('/'), configured(http, timeoutMillis), credential, headers),
        store,
        clock,
        random,
    )
    private val balance = Resource(settings, "/v1/balance", ::readBalance)
    private val status = Resource(settings, "/v1/balance/status", ::readStatus)
    private val histories = ConcurrentHashMap<Int, Resource<History>>()

    @Volatile private var isOver = false

    /**
     * The last known at once, from storage after a start; then the new one; then every newer one, asked
     * for when the last is due. Stop collecting, and nothing is asked any more.
     */
    fun balances(): Flow<Reading<Balance>> = balance.watch()

    /** Pull to refresh. While the proxy has asked for patience (`Retry-After`), it is not asked. */
    suspend fun refresh(): Reading<Balance> = balance.refresh(force = true)

    /** For widgets and watches: how the account stands, without amounts. */
    suspend fun status(): Reading<Status> = status.refresh(force = false)

    suspend fun history(days: Int = 30): Reading<History> {
        val resource =
            histories.getOrPut(days) { Resource(settings, "/v1/balance/history?days=$days", ::readHistory) }
        if (isOver) resource.end()
        return resource.refresh(force = false)
    }

    /**
     * At sign-out: nothing of this user is left, on the screen or in the store, whatever is under way. This
     * client then asks and stores nothing any more: each reading says `signed_out`.
     */
    suspend fun clear() {
        isOver = true
        for (resource in listOf(balance, status) + histories.values) resource.end()
        withContext(Dispatchers.IO) { settings.storing.withLock { store.clear() } }
    }
}

/**
 * The client keeps answers itself, where clear() reaches them. A redirect is not the proxy's: the
 * credential must not travel with it.
 */
private fun configured(http: OkHttpClient, timeoutMillis: Long) = http.newBuilder()
    .cache(null)
    .followRedirects(false)
    .callTimeout(timeoutMillis, TimeUnit.MILLISECONDS)
    .readTimeout(0, TimeUnit.MILLISECONDS)
    .build()
