// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets link only with the fuzzer's runtime, so they are a package of their own: `run` builds and runs them.
let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "gptstep", path: "../..")],
    targets: [
        .target(name: "Workbench", dependencies: [.product(name: "GPTEngine", package: "gptstep")])
    ]
        + ["FuzzHeader", "FuzzConfiguration", "FuzzIndex", "FuzzTokenizer", "FuzzPrompt"].map {
            .executableTarget(
                name: $0, dependencies: ["Workbench", .product(name: "GPTEngine", package: "gptstep")])
        },
    swiftLanguageModes: [.v6]
)
