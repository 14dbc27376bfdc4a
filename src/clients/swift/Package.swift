// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "ZooBalance",
    platforms: [.iOS(.v15), .macOS(.v12), .watchOS(.v8), .tvOS(.v15)],
    products: [.library(name: "ZooBalance", targets: ["ZooBalance"])],
    targets: [
        .target(name: "ZooBalance"),
        .executableTarget(name: "FirstBalance", dependencies: ["ZooBalance"], path: "Examples/FirstBalance"),
        .target(name: "Recipes", dependencies: ["ZooBalance"], path: "Recipes"),
        .testTarget(name: "ZooBalanceTests", dependencies: ["ZooBalance", "Recipes"]),
        // Plays test/clients/states.ts. Like the examples no product: an app that depends on the package builds neither.
        .executableTarget(name: "Harness", dependencies: ["ZooBalance"], path: "Tests/Harness"),
    ],
    swiftLanguageModes: [.v6]
)
