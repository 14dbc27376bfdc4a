// swift-tools-version:6.0
import PackageDescription

/// The generated client on Linux, and a program that uses it.
let package = Package(
    name: "Generated",
    targets: [
        .target(name: "MobileCoreServices"),
        .target(name: "ZooBalance", dependencies: ["MobileCoreServices"]),
        .executableTarget(name: "Show", dependencies: ["ZooBalance"]),
    ],
    swiftLanguageModes: [.v6]
)
