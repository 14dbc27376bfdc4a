import Foundation

/// When to ask again. Pure, and the same in Kotlin and TypeScript.
enum Pace {
    /// However old an answer is that the proxy gives, it is not asked more often.
    private static let leastSeconds = 10
    private static let mostBackoffSeconds = 60.0
    /// What only the user or a new version of the app can change.
    static let hopelessSeconds = 300.0
    private static let hopelessStatuses = [401, 403, 404]
    private static let longestRetryAfterSeconds = 3_600

    /// - Parameters:
    ///   - failures: in a row, this one included
    ///   - random: from 0 to 1: up to a fifth is added, so that phones do not all come back at once
    static func waitSeconds(_ outcome: Outcome, failures: Int, random: Double) -> Double {
        switch outcome {
        case .value(_, _, let times), .unchanged(let times):
            Double(max(leastSeconds, times.maxAge - times.age))
        case .failure(let problem, let status):
            failureSeconds(problem, status: status, failures: failures) * (1 + random / 5)
        }
    }

    private static func failureSeconds(_ problem: Problem, status: Int?, failures: Int) -> Double {
        if let asked = problem.retryAfter {
            return Double(min(longestRetryAfterSeconds, max(1, asked)))
        }
        if let status, hopelessStatuses.contains(status) { return hopelessSeconds }
        return min(mostBackoffSeconds, pow(2, Double(failures)))
    }
}
