/** One question to the proxy, and what came of it. */
package zoobalance

import java.io.IOException
import kotlin.coroutines.resumeWithException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import okhttp3.Call
import okhttp3.Callback
import okhttp3.Headers
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.Response

/** Seconds: how old the answer is, and how old it may become. */
internal class Times(val age: Long, val maxAge: Long)

internal sealed interface Outcome {
    class Value(val body: String, val etag: String?, val times: Times) : Outcome
    class Unchanged(val times: Times) : Outcome
    class Failure(val problem: Problem, val status: Int? = null) : Outcome
}

private class Answer(val status: Int, val headers: Headers, val body: String)

internal class Exchange(
    private val baseUrl: String,
    private val http: OkHttpClient,
    private val credential: suspend (renew: Boolean) -> String,
    private val headers: suspend () -> Map<String, String>,
) {
    /**
     * @param etag of the answer that is stored: only with its body can a 304 be understood
     * @param force pull to refresh: a value newer than the stored one is wanted
     */
    suspend fun ask(path: String, etag: String?, force: Boolean): Outcome {
        val first = attempt(path, etag, force, renew = false)
        // Whatever came before it, a refused credential is renewed once.
        val refused = first is Outcome.Failure && first.status == 401
        return if (refused) attempt(path, etag, force, renew = true) else first
    }

    private suspend fun attempt(path: String, etag: String?, force: Boolean, renew: Boolean): Outcome {
        val request = try {
            Request.Builder()
                .url(baseUrl + path)
                .apply { headers().forEach { (name, value) -> header(name, value) } }
                .header("Authorization", "Bearer ${credential(renew)}")
                .header("Accept", "application/json, application/problem+json")
                .header("Cache-Control", if (force) "no-cache" else "max-age=86400")
                .apply { if (etag != null) header("If-None-Match", etag) }
                .build()
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (_: Exception) {
            return Outcome.Failure(Problem("no_credential"))
        }
        return try {
            judge(http.newCall(request).await())
        } catch (_: IOException) {
            Outcome.Failure(Problem("offline"))
        }
    }
}

/** The body is read inside: a connection that is lost in it is lost all the same. */
private suspend fun Call.await(): Answer = suspendCancellableCoroutine { continuation ->
    continuation.invokeOnCancellation { cancel() }
    enqueue(object : Callback {
        override fun onFailure(call: Call, e: IOException) = continuation.resumeWithException(e)

        override fun onResponse(call: Call, response: Response) {
            continuation.resumeWith(
                runCatching { response.use { Answer(it.code, it.headers, it.body.string()) } },
            )
        }
    })
}

private val MAX_AGE = Regex("""max-age=(\d{1,9})""")
private val JSON = Regex("""^application/([a-z]+\+)?json\b""")

private fun judge(answer: Answer): Outcome {
    val (status, headers) = answer.status to answer.headers
    val times = Times(
        age = headers.number("Age") ?: 0,
        maxAge = MAX_AGE.find(headers["Cache-Control"].orEmpty())?.groupValues?.get(1)?.toLong() ?: 0,
    )
    if (status == 304) return Outcome.Unchanged(times)
    val isJson = JSON.containsMatchIn(headers["Content-Type"].orEmpty())
    if (status == 200 && isJson) return Outcome.Value(answer.body, headers["ETag"], times)
    // 511 is what a captive portal says that knows its manners; other server errors may be the network's edge.
    val unnamed = if (status >= 500 && status != 511) "unavailable" else "intercepted"
    val code = (if (isJson) parseObject(answer.body)?.text("code") else null) ?: unnamed
    return Outcome.Failure(Problem(code, headers.number("Retry-After"), headers["X-Request-Id"]), status)
}

internal fun parseObject(text: String): JsonObject? = try {
    Json.parseToJsonElement(text) as? JsonObject
} catch (_: SerializationException) {
    null
}

private fun Headers.number(name: String): Long? =
    this[name]?.takeIf { it.length <= 9 && it.all(Char::isDigit) }?.toLongOrNull()
