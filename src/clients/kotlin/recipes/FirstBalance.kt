package recipes

import java.io.File
import kotlin.system.exitProcess
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import zoobalance.BalanceClient
import zoobalance.FileStore

fun main(): Unit = runBlocking {
    val client = BalanceClient(
        baseUrl = System.getenv("BALANCE_URL") ?: "http://localhost:8787",
        owner = "user-1", // who is signed in
        store = FileStore(File(System.getProperty("java.io.tmpdir"), "zoo-balance")),
        credential = { renew -> credentialOfYourApp(renew) },
    )
    // A screen collects all of them; this shows the first that has something to say.
    val reading = client.balances().first { it.value != null || it.problem != null }
    println("${reading.value?.available} USD, ${reading.value?.status}, ${reading.problem?.code ?: "no problem"}")
    exitProcess(0)
}

/** Your identity provider's access token; with `renew` a new one, since the proxy refused the last. */
fun credentialOfYourApp(renew: Boolean): String =
    System.getenv("BALANCE_TOKEN").takeIf { !renew } ?: error("Sign in again")
