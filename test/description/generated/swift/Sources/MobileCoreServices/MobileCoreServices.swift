/// What the generated client uses of Apple's module, for Linux: the network, and types of files, which it never asks
/// for here.
@_exported import Foundation
#if canImport(FoundationNetworking)
@_exported import FoundationNetworking
#endif

public struct Unknown {
    public func takeRetainedValue() -> String { "" }
}

public let kUTTagClassFilenameExtension = ""
public let kUTTagClassMIMEType = ""
public func UTTypeCreatePreferredIdentifierForTag(_: String, _: Any, _: Any?) -> Unknown? { nil }
public func UTTypeCopyPreferredTagWithClass(_: String, _: String) -> Unknown? { nil }
