/** When to ask again. Pure, and the same in Swift and TypeScript. */
package zoobalance

import kotlin.math.ceil
import kotlin.math.pow

/** However old an answer is that the proxy gives, it is not asked more often. */
private const val LEAST_SECONDS = 10L
private const val MOST_BACKOFF_SECONDS = 60.0

/** What only the user or a new version of the app can change. */
internal const val HOPELESS_SECONDS = 300.0
private val HOPELESS_STATUSES = setOf(401, 403, 404)
private const val LONGEST_RETRY_AFTER_SECONDS = 3_600L

/**
 * @param failures in a row, this one included
 * @param random from 0 to 1: up to a fifth is added, so that phones do not all come back at once
 */
internal fun waitMillis(outcome: Outcome, failures: Int, random: Double): Long = when (outcome) {
    is Outcome.Value -> 1_000 * maxOf(LEAST_SECONDS, outcome.times.maxAge - outcome.times.age)
    is Outcome.Unchanged -> 1_000 * maxOf(LEAST_SECONDS, outcome.times.maxAge - outcome.times.age)
    is Outcome.Failure -> ceil(1_000 * failureSeconds(outcome, failures) * (1 + random / 5)).toLong()
}

private fun failureSeconds(failure: Outcome.Failure, failures: Int): Double {
    val asked = failure.problem.retryAfterSeconds
    return when {
        asked != null -> asked.coerceIn(1, LONGEST_RETRY_AFTER_SECONDS).toDouble()
        failure.status in HOPELESS_STATUSES -> HOPELESS_SECONDS
        else -> minOf(MOST_BACKOFF_SECONDS, 2.0.pow(failures))
    }
}
