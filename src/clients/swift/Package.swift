// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "ZooBalance",
    platforms: [.iOS(.v15), .macOS(.v12), .watchOS(.v8), .tvOS(.v15)],
    products: [.library(name: "ZooBalance", targets: ["ZooBalance"])],
    targets: [
        .target(name: "ZooBalance"),
        .target(name: "Recipes", dependencies: ["ZooBalance"], path: "Recipes"),
        .testTarget(name: "ZooBalanceTests", dependencies: ["ZooBalance", "Recipes"]),
        // Plays test/clients/states.ts; no product, so no app that depends on the package builds it.
        .executableTarget(name: "Harness", dependencies: ["ZooBalance"], path: "Tests/Harness"),
    ],
    swiftLanguageModes: [.v6]
)
