import Foundation
import ZooBalance

/// Shows the balance by the generated client, and how it is refused.
let environment = ProcessInfo.processInfo.environment
func api(_ token: String) -> ZooBalanceAPIConfiguration {
    ZooBalanceAPIConfiguration(
        basePath: environment["BALANCE_URL"] ?? "",
        customHeaders: ["Authorization": "Bearer \(token)"]
    )
}

let good = api(environment["BALANCE_TOKEN"] ?? "")
let balance = try await BalanceAPI.getBalance(apiConfiguration: good)
let points = try await BalanceAPI.getBalanceHistory(days: 7, apiConfiguration: good).points
print(balance.available, balance.status, balance.plan?.title ?? "-", balance.asOf < Date(), points.count)
do {
    _ = try await BalanceAPI.getBalanceStatus(apiConfiguration: api("x"))
} catch let ErrorResponse.error(status, _, _, _) {
    print(status)
}
