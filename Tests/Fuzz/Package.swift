// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets link only with the fuzzer's runtime, so they are a package of their own: `run` builds and runs them.
let package = Package(
    name: "Fuzz",
    dependencies: [
        .package(name: "gptstep", path: "../.."),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .target(
            name: "Workbench",
            dependencies: [
                .product(name: "Checkpoints", package: "gptstep"),
                .product(name: "GPTEngine", package: "gptstep"),
                .product(name: "SystemPackage", package: "swift-system"),
            ])
    ]
        + [
            "FuzzHeader", "FuzzConfiguration", "FuzzIndex", "FuzzTokenizer", "FuzzSettings", "FuzzPrompt",
            "FuzzArchive",
            "FuzzPickle", "FuzzLlmC", "FuzzMeta",
        ].map {
            .executableTarget(
                name: $0,
                dependencies: [
                    "Workbench", .product(name: "Checkpoints", package: "gptstep"),
                    .product(name: "GPTEngine", package: "gptstep"),
                ])
        },
    swiftLanguageModes: [.v6]
)
