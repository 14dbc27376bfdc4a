import zoobalance.generated.apis.BalanceApi
import zoobalance.generated.infrastructure.ApiClient
import zoobalance.generated.infrastructure.ClientException

/** Shows the balance by the generated client, and how it is refused. */
fun main() {
    val url = System.getenv("BALANCE_URL")
    ApiClient.accessToken = System.getenv("BALANCE_TOKEN")
    val balance = BalanceApi(url).getBalance()
    val points = BalanceApi(url).getBalanceHistory(days = 7).points
    println("${balance.available} ${balance.status} ${balance.plan?.title} ${balance.asOf.isBefore(java.time.OffsetDateTime.now())} ${points.size}")
    ApiClient.accessToken = "x"
    try {
        BalanceApi(url).getBalanceStatus()
    } catch (refused: ClientException) {
        println(refused.statusCode)
    }
}
