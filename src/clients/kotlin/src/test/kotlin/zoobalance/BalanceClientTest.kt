package zoobalance

import java.io.File
import java.nio.file.Files
import java.util.concurrent.CountDownLatch
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.single
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import mockwebserver3.Dispatcher
import mockwebserver3.MockResponse
import mockwebserver3.MockWebServer
import mockwebserver3.RecordedRequest
import recipes.BalanceScreen
import recipes.nextTurn
import recipes.screenOf

private const val BODY = """{"status":"ok","available":"10.50","stale":false}"""

class BalanceClientTest {
    private val folder: File = Files.createTempDirectory("zoo-balance").toFile()
    private val server = MockWebServer().apply { start() }
    private val store = FileStore(File(folder, "store"))

    @AfterTest
    fun stop() {
        server.close()
        folder.deleteRecursively()
    }

    private fun client() =
        BalanceClient(server.url("/").toString(), "user-1", store, credential = { "credential" })

    private fun answer(body: String = BODY) = MockResponse.Builder()
        .addHeader("Content-Type", "application/json")
        .addHeader("ETag", "W/\"1\"")
        .body(body)
        .build()

    /** @return what lets the answers go, and what tells that a request has come */
    private fun holdAnswers(): Pair<CountDownLatch, CountDownLatch> {
        val release = CountDownLatch(1)
        val arrived = CountDownLatch(1)
        server.dispatcher = object : Dispatcher() {
            override fun dispatch(request: RecordedRequest): MockResponse {
                arrived.countDown()
                release.await()
                return answer()
            }
        }
        return release to arrived
    }

    private suspend fun CountDownLatch.awaitAside() = withContext(Dispatchers.IO) { await() }

    @Test
    fun `shares one call among all who refresh at once`() = runBlocking {
        val (release, arrived) = holdAnswers()
        val client = client()
        val readings = List(20) { async(Dispatchers.Default) { client.refresh() } }
        arrived.awaitAside()
        release.countDown()
        assertEquals(setOf("10.50"), readings.awaitAll().map { it.value?.available.toString() }.toSet())
        assertEquals(1, server.requestCount)
    }

    @Test
    fun `a cancelled refresh does not take the call from those who still wait`() = runBlocking {
        val (release, arrived) = holdAnswers()
        val client = client()
        val leaving = async(Dispatchers.Default) { client.refresh() }
        val staying = async(Dispatchers.Default) { client.refresh() }
        arrived.awaitAside()
        leaving.cancelAndJoin()
        release.countDown()
        assertEquals("ok", staying.await().value?.status)
        assertTrue(leaving.isCancelled)
    }

    @Test
    fun `asks with the ETag of the body that is stored, after a restart as well`() = runBlocking {
        server.enqueue(answer())
        server.enqueue(MockResponse(code = 304))
        client().refresh()
        val reading = client().refresh()
        assertNull(server.takeRequest().headers["If-None-Match"])
        assertEquals("W/\"1\"", server.takeRequest().headers["If-None-Match"])
        assertEquals("10.50", reading.value?.available.toString())
        assertNull(reading.problem)
    }

    @Test
    fun `a stored file that was damaged is nothing stored`() = runBlocking {
        server.enqueue(answer())
        client().refresh()
        File(folder, "store").listFiles().orEmpty().forEach { it.writeText(it.readText().drop(3)) }
        server.enqueue(MockResponse(code = 503))
        val reading = client().refresh()
        assertNull(reading.value)
        assertEquals("unavailable", reading.problem?.code)
    }

    @Test
    fun `a widget shows the last balance with a note, and comes back no sooner than it may`() = runBlocking {
        server.enqueue(answer())
        val client = client()
        assertEquals(BalanceScreen("10.50", "", isOld = false), screenOf(client.refresh()))
        server.enqueue(MockResponse(code = 200, body = "<html>"))
        val reading = client.refresh()
        assertEquals("10.50", screenOf(reading).amount)
        assertEquals("This network wants you to sign in first", screenOf(reading).note)
        assertEquals(15.minutes, nextTurn(reading))
    }

    @Test
    fun `a widget says what is wrong with the way to the proxy and with what Zoo said`() = runBlocking {
        server.enqueue(answer(BODY.replace("false", "true")))
        val reading = client().refresh()
        assertEquals("This balance may be out of date", screenOf(reading).note)
        val both = reading.copy(problem = Problem("offline"))
        assertEquals("This balance may be out of date. No connection", screenOf(both).note)
        val updating = reading.value?.copy(staleReason = "revalidating", status = "low")
        assertEquals("It is running low. Updating", screenOf(reading.copy(value = updating)).note)
        assertEquals("Loading", screenOf(both.copy(value = null, problem = null)).note)
    }

    @Test
    fun `a sign-out leaves no file, and may come before anything was stored`() = runBlocking {
        client().clear()
        server.enqueue(answer())
        val client = client()
        client.refresh()
        client.clear()
        assertEquals(emptyList(), folder.listFiles().orEmpty().toList())
    }

    @Test
    fun `a client that was signed out asks nothing and stores nothing`() = runBlocking {
        server.enqueue(answer())
        val client = client()
        client.refresh()
        client.clear()
        server.enqueue(answer())
        val readings = listOf(client.refresh(), client.status(), client.history(), client.balances().single())
        assertEquals(setOf("signed_out"), readings.map { it.problem?.code }.toSet())
        assertEquals(listOf(null), readings.map { it.value }.distinct())
        assertEquals(1, server.requestCount)
        assertEquals(emptyList(), folder.listFiles().orEmpty().toList())
    }

    @Test
    fun `a refresh that waits for a call when the user signs out asks nothing`() = runBlocking {
        val (release, arrived) = holdAnswers()
        val client = client()
        val shown = async(Dispatchers.Default) { client.balances().toList() }
        arrived.awaitAside()
        // Begins at once, and waits for the ordinary call.
        val forced = async(start = CoroutineStart.UNDISPATCHED) { client.refresh() }
        client.clear()
        assertEquals("signed_out", forced.await().problem?.code)
        assertEquals(listOf(null, "signed_out"), shown.await().map { it.problem?.code })
        release.countDown()
        assertEquals(1, server.requestCount)
    }

    @Test
    fun `never stores the credential`() = runBlocking {
        server.enqueue(answer())
        client().refresh()
        val files = File(folder, "store").listFiles().orEmpty()
        assertTrue(files.isNotEmpty())
        assertTrue(files.none { "credential" in it.readText() })
    }

    @Test
    fun `up to a fifth is added to what Retry-After says, never taken off`() {
        val busy = Outcome.Failure(Problem("rate_limited", retryAfterSeconds = 30), 429)
        assertEquals(30_000, waitMillis(busy, failures = 1, random = 0.0))
        assertEquals(36_000, waitMillis(busy, failures = 9, random = 1.0))
    }

    @Test
    fun `without Retry-After the wait doubles up to a minute`() {
        val offline = Outcome.Failure(Problem("offline"))
        val waits = (1..8).map { waitMillis(offline, failures = it, random = 0.0) / 1_000 }
        assertEquals(listOf<Long>(2, 4, 8, 16, 32, 60, 60, 60), waits)
    }
}
