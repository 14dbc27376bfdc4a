import Foundation
import ZooBalance

let environment = ProcessInfo.processInfo.environment
let client = BalanceClient(
    baseURL: URL(string: environment["BALANCE_URL"] ?? "http://localhost:8787")!,
    owner: "user-1", // who is signed in
    store: FileStore(folder: FileManager.default.temporaryDirectory.appendingPathComponent("zoo-balance"))
) { renew in
    // Your identity provider's access token; with `renew` a new one, since the proxy refused the last.
    guard !renew, let token = ProcessInfo.processInfo.environment["BALANCE_TOKEN"] else {
        throw URLError(.userAuthenticationRequired)
    }
    return token
}

// A screen shows all of them; this shows the first that has something to say.
for await reading in client.balances() where reading.value != nil || reading.problem != nil {
    let amount = reading.value.map { "\($0.available) USD, \($0.status)" } ?? "nothing known"
    print("\(amount), \(reading.problem?.code ?? "no problem")")
    break
}
