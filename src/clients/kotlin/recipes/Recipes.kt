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
    // The account, what the proxy got from Zoo, and the way to the proxy: each has something to say.
    val notes = listOfNotNull(
        "Loading".takeIf { balance == null && reading.problem == null },
        statusNote(balance?.status),
        balance?.takeIf { it.stale }?.let { staleNote(it.staleReason) },
        problemNote(reading.problem?.code),
    )
    // For display alone: NumberFormat.getCurrencyInstance() takes the BigDecimal as it is.
    return BalanceScreen(balance?.available?.toPlainString() ?: "-", notes.joinToString(". "), age > 3_600)
}

/** The sentences are those of "What to write on the screen"; that has more of them. */
private fun problemNote(code: String?): String? = when (code) {
    null -> null
    // The device's network or the proxy: which of them is not known.
    "offline" -> "No connection"
    "intercepted" -> "This network wants you to sign in first"
    "no_credential" -> "Your sign-in could not be renewed"
    "signed_out" -> "Signed out"
    "invalid_credentials" -> "Please sign in again"
    else -> "Not updated"
}

private fun staleNote(reason: String?): String =
    if (reason == "revalidating") "Updating" else "This balance may be out of date"

private fun statusNote(status: String?): String? = when (status) {
    "ok" -> null
    "low" -> "It is running low"
    "exhausted" -> "Nothing is left"
    "contract" -> "On a contract: the balance is not the limit"
    "blocked" -> "Zoo has blocked this account"
    // Null without a balance; or a word that is new.
    else -> status
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
