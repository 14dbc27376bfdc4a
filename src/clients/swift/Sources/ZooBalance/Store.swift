import Foundation

/// Where the last known is kept over restarts. What it throws is taken for "nothing stored".
public protocol BalanceStore: Sendable {
    func read(_ key: String) throws -> String?
    func write(_ key: String, _ text: String) throws
    /// Removes what this store has written, under whatever key.
    func clear() throws
}

/// A folder of the client's own, e.g. in Application Support; in the app group's container for a widget.
public struct FileStore: BalanceStore {
    private let folder: URL

    public init(folder: URL) {
        self.folder = folder
    }

    public func read(_ key: String) throws -> String? {
        try String(contentsOf: file(key), encoding: .utf8)
    }

    /// Whole or not at all: a widget may be reading, or the process may be killed.
    public func write(_ key: String, _ text: String) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file(key), options: .atomic)
    }

    public func clear() throws {
        guard FileManager.default.fileExists(atPath: folder.path) else { return }
        try FileManager.default.removeItem(at: folder)
    }

    private func file(_ key: String) -> URL {
        let name = key.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return folder.appendingPathComponent(String(name) + ".json")
    }
}

/// As stored: the body with its ETag, in one piece, so that a 304 is never paired with another's body.
struct Record: Codable, Sendable {
    let owner: String
    let body: String
    let etag: String?
    /// Seconds that it was old when it was received, and when that was by this device's clock.
    var age: Int
    var receivedAt: Date
}
