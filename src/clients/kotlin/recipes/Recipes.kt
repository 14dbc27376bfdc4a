/** Recipes for Android: what is Android's own stands in comments, so that this compiles anywhere. */
package recipes

import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.map
import zoobalance.Balance
import zoobalance.BalanceClient
import zoobalance.Reading
import zoobalance.Store

/** What a screen binds to. */
data class BalanceScreen(val amount: String, val note: String, val isOld: Boolean)

/** In a ViewModel: `.stateIn(viewModelScope, SharingStarted.WhileSubscribed(5_000), null)`: nothing is asked unseen. */
fun screens(client: BalanceClient): Flow<BalanceScreen> = client.balances().map(::screenOf)

fun screenOf(reading: Reading<Balance>): BalanceScreen {
    val balance = reading.value
    val age = reading.ageSeconds ?: 0
    // The way to the proxy, what the proxy got from Zoo, and the account: each has something to say.
    val notes = listOfNotNull(
        problemNote(reading.problem?.code),
        "Loading".takeIf { balance == null && reading.problem == null },
        "This balance may be out of date".takeIf { balance?.stale == true },
        statusNote(balance?.status),
    )
    // For display alone: NumberFormat.getCurrencyInstance() takes the BigDecimal as it is.
    return BalanceScreen(balance?.available?.toPlainString() ?: "-", notes.joinToString(". "), age > 3_600)
}

private fun problemNote(code: String?): String? = when (code) {
    null -> null
    // The device's network or the proxy: which of them is not known.
    "offline" -> "No connection"
    "intercepted" -> "This network wants you to sign in first"
    "no_credential" -> "Your sign-in could not be renewed"
    "invalid_credentials" -> "Please sign in again"
    else -> "Not updated"
}

private fun statusNote(status: String?): String? = when (status) {
    "blocked" -> "Zoo has blocked this account"
    "exhausted" -> "Nothing left"
    "low" -> "Running low"
    else -> null
}

/** Android lets nothing run in the background more often. */
private val LEAST: Duration = 15.minutes

/**
 * A widget's, watch's or worker's next turn: when the value may have changed, and never more often
 * than the platform lets it. With WorkManager:
 *
 *     override suspend fun doWork(): Result {
 *         val reading = client.refresh()
 *         BalanceWidget().updateAll(applicationContext)     // Glance; it shows screenOf(reading)
 *         schedule(nextTurn(reading))                       // OneTimeWorkRequest.setInitialDelay
 *         return Result.success()
 *     }
 */
fun nextTurn(reading: Reading<Balance>): Duration = reading.dueMillis.milliseconds.coerceIn(LEAST, 6.hours)

/**
 * Firebase App Check: `token` is
 * `{ Firebase.appCheck.getAppCheckToken(false).await().token }`; it is asked for before every request.
 */
fun attestedClient(
    baseUrl: String,
    userId: String,
    store: Store,
    credential: suspend (renew: Boolean) -> String,
    token: suspend () -> String,
): BalanceClient = BalanceClient(
    baseUrl = baseUrl,
    owner = userId,
    store = store,
    credential = credential,
    headers = { mapOf("X-Firebase-AppCheck" to token()) },
)

/** A push has come ("balance.low"): the message says that something changed, the proxy says what. */
suspend fun onPush(client: BalanceClient): BalanceScreen = screenOf(client.refresh())
