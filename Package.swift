// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "gptstep",
    products: [
        .executable(name: "gptstep", targets: ["gptstep"]),
        .library(name: "Checkpoints", targets: ["Checkpoints"]),
        .library(name: "GPTEngine", targets: ["GPTEngine"]),
        .library(name: "GPTFigures", targets: ["GPTFigures"]),
        .library(name: "GPTStepper", targets: ["GPTStepper"]),
        .library(name: "GPTViews", targets: ["GPTViews"]),
        .library(name: "TerminalKit", targets: ["TerminalKit"]),
        .library(name: "Hub", targets: ["Hub"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        // C at the edges: each module has one job and plain C types in its header.
        .target(
            name: "CNCurses", path: "Modules/CNCurses",
            cSettings: [.define("NCURSES_WIDECHAR", to: "1"), .define("_GNU_SOURCE")],
            linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
        .systemLibrary(name: "COpenBLAS", path: "Modules/COpenBLAS"),
        .systemLibrary(name: "CUTF8Proc", path: "Modules/CUTF8Proc"),
        .target(name: "CRowProduct", path: "Modules/CRowProduct"),
        .target(name: "CFiles", path: "Modules/CFiles"),
        .target(name: "CStart", path: "Modules/CStart"),
        .target(name: "CCurl", path: "Modules/CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .target(name: "CEmbedded", path: "Modules/CEmbedded", exclude: ["data"]),
        .target(name: "CMerges", path: "Modules/CMerges", exclude: ["data"]),
        .target(name: "CTourText", path: "Modules/CTourText", exclude: ["data"]),

        // What people's files hold.
        .target(
            name: "Checkpoints",
            dependencies: [
                "CFiles", "CMerges", "CUTF8Proc", .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),

        // What is computed, where we are in it, how it looks.
        .target(
            name: "GPTEngine",
            dependencies: [
                "Checkpoints", "COpenBLAS", "CRowProduct", "CEmbedded",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .target(name: "GPTFigures", dependencies: ["Checkpoints", "GPTEngine"], swiftSettings: strict),
        .target(
            name: "GPTStepper",
            dependencies: [
                "Checkpoints", "GPTEngine", "GPTFigures", .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: strict),
        .target(
            name: "GPTViews",
            dependencies: [
                "Checkpoints", "GPTStepper", "GPTFigures", "GPTEngine", "TerminalKit", "CTourText",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),

        // Where models come from.
        .target(
            name: "Hub",
            dependencies: [
                "Checkpoints", "CCurl", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),

        // A grid of cells, and the terminal that shows it.
        .target(name: "TerminalKit", swiftSettings: strict),
        .target(name: "CursesTerminal", dependencies: ["TerminalKit", "CNCurses"], swiftSettings: strict),

        .executableTarget(
            name: "gptstep",
            dependencies: [
                "CStart", "Checkpoints", "GPTEngine", "GPTFigures", "GPTStepper", "GPTViews", "TerminalKit",
                "CursesTerminal", "Hub",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),

        // Tests; the pseudo-terminal and the little program on it show that a terminal is always left clean.
        .target(name: "CPseudoTerminal", path: "Tests/CPseudoTerminal", cSettings: [.define("_GNU_SOURCE")]),
        .executableTarget(
            name: "terminal-demo", dependencies: ["CursesTerminal", "TerminalKit"], path: "Tests/TerminalDemo",
            swiftSettings: strict),
        .testTarget(
            name: "TerminalTests", dependencies: ["CPseudoTerminal", "terminal-demo", "gptstep"], swiftSettings: strict),
        .testTarget(
            name: "GPTEngineTests",
            dependencies: ["Checkpoints", "GPTEngine", .product(name: "SystemPackage", package: "swift-system")],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "HubTests",
            dependencies: [
                "Hub", "Checkpoints", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "GPTFiguresTests", dependencies: ["GPTEngine", "GPTFigures", "GPTStepper"], swiftSettings: strict),
        .testTarget(
            name: "GPTStepperTests",
            dependencies: [
                "Checkpoints", "GPTEngine", "GPTFigures", "GPTStepper",
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: strict),
        .testTarget(name: "TerminalKitTests", dependencies: ["TerminalKit"], swiftSettings: strict),
        .testTarget(
            name: "GPTViewsTests",
            dependencies: [
                "GPTViews", "GPTStepper", "GPTFigures", "GPTEngine", "Checkpoints", "TerminalKit",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: ["Snapshots"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
