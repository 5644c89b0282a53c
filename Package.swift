// swift-tools-version: 6.2
import PackageDescription

// Every target uses these settings. Swift 6 language mode (complete concurrency checking) comes from
// the tools version; the upcoming features are the ones Swift 7 will turn on.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
]

// Tests run against optimised modules but are not optimised themselves: they would take most of a build's time.
let testSettings: [SwiftSetting] = strict + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

/// Declares a module and its test target, so that the list of modules reads as the architecture.
func module(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    resources: [Resource] = [],
    testExclude: [String] = [],
    tests: [Target.Dependency] = []
) -> [Target] {
    [
        .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict),
        .testTarget(
            name: "\(name)Tests",
            dependencies: [.target(name: name), "TestSupport"] + tests,
            exclude: testExclude,
            swiftSettings: testSettings
        ),
    ]
}

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let cryptoExtras = product(name: "CryptoExtras", package: "swift-crypto")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let grdbSQLite = product(name: "GRDBSQLite", package: "GRDB.swift")
    static let histogram = product(name: "Histogram", package: "hdrhistogram-swift")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
    static let jwtKit = product(name: "JWTKit", package: "jwt-kit")
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioHPACK = product(name: "NIOHPACK", package: "swift-nio-http2")
    static let nioHTTP2 = product(name: "NIOHTTP2", package: "swift-nio-http2")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let protobuf = product(name: "SwiftProtobuf", package: "swift-protobuf")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
    static let yams = product(name: "Yams", package: "Yams")
}

// L0: values and C shims.
let ground: [Target] =
    [
        .target(name: "CModelLibraries"),
        .target(name: "CHost"),
        .target(name: "CPostgres"),
        .systemLibrary(name: "CZlib"),
        .target(name: "OpenTelemetryProto", dependencies: [.protobuf], exclude: ["README.md"]),
        .target(name: "InferenceProto", dependencies: [.protobuf], exclude: ["README.md", "Protos"]),
        .target(name: "TestSupport", dependencies: ["Core", "Storage"], swiftSettings: strict),
    ]
    + module("Core", ["CHost"])
    + module("Statistics", ["Core"], testExclude: ["Vectors"])

// L1: infrastructure that knows no feature.
let infrastructure: [Target] =
    module("Storage", ["Core", "CPostgres", .grdb, .grdbSQLite])
    + module("Artifacts", ["Core", "CHost", .asyncHTTPClient, .crypto])
    + module(
        "Runtimes",
        ["Core", "Transforms", "CModelLibraries", "CHost", .crypto, .logging, .nioCore, .nioPosix, .subprocess, .yams],
        resources: [.embedInCode("Workers/Assets")],
        testExclude: ["Golden"]
    )
    + module("HTTPSupport", ["Core", "CZlib", .hummingbird, .logging, .nioSSL], tests: [.hummingbirdTesting])
    + module("Egress", ["Core", .asyncHTTPClient, .logging], tests: [.hummingbird, .hummingbirdTesting])
    + module(
        "Access",
        ["Core", "Storage", "HTTPSupport", "Egress", .crypto, .cryptoExtras, .hummingbird, .jwtKit, .logging],
        tests: [.crypto, .cryptoExtras, .hummingbirdTesting, .jwtKit]
    )
    + module(
        "Observability",
        ["Core", "OpenTelemetryProto", .logging, .metrics, .protobuf],
        testExclude: ["Golden"]
    )

// What is computed of data, offline and for monitors.
let judgement: [Target] =
    module("Drift", ["Core", "Statistics"], testExclude: ["Vectors"])
    + module("Quality", ["Core", "Statistics"], testExclude: ["Vectors"])
    + module("Performance", ["Core", "Statistics"], testExclude: ["Vectors"])
    + module("Rollouts", ["Core", "Statistics"])
    + module("GitOps", ["Core", .logging, .subprocess, .yams])

// What learning is made of: numbers and tables in, numbers, tables and drawings out.
let learning: [Target] =
    module("Schedules", ["Core"])
    + module("Transforms", ["Core"])
    + module("Plots", ["Core"], testExclude: ["Golden"])
    + module("Sampling", ["Core", "Statistics"], testExclude: ["Vectors"])

// What speaks HTTP/2, for gRPC.
let http2: [Target.Dependency] = [.nioCore, .nioHPACK, .nioHTTP2, .nioPosix, .nioSSL]

// L2: features. `.hummingbird` is for each module's HTTP/ folder only.
let feature: [Target.Dependency] = ["Core", "Storage", "HTTPSupport", .hummingbird, .logging]
let storedFeature: [Target.Dependency] = feature + ["Artifacts"]
let features: [Target] =
    module("Tracking", storedFeature, tests: [.hummingbirdTesting])
    + module("Registry", storedFeature + [.crypto], tests: [.hummingbirdTesting])
    + module("Traces", storedFeature + ["OpenTelemetryProto", .protobuf], tests: [.hummingbirdTesting])
    + module("Evaluations", feature + [.crypto], tests: [.hummingbirdTesting])
    + module("Webhooks", feature + ["Egress", .crypto], tests: [.hummingbirdTesting])
    + module("Secrets", feature + [.crypto], tests: [.hummingbirdTesting])
    + module("Events", feature, tests: [.hummingbirdTesting])
    + module("Ledger", feature + [.metrics], tests: [.hummingbirdTesting])
    + module(
        "Datasets",
        storedFeature + ["CZlib", "Egress", "Transforms", .crypto],
        tests: [.hummingbirdTesting]
    )
    + module(
        "Pipelines",
        storedFeature + ["CHost", "Schedules", .crypto, .subprocess],
        resources: [.embedInCode("Assets")],
        testExclude: ["BadFiles", "Golden"],
        tests: [.hummingbirdTesting]
    )
    + module("Studies", feature + ["Plots", "Sampling"], tests: [.hummingbirdTesting])
    + module("Lineage", feature, tests: [.hummingbirdTesting])
    + module(
        "Learning",
        ["Core", "CModelLibraries", "Statistics", "Performance", "Storage", "Artifacts", "Tracking", "Datasets"]
            + ["Plots", "Runtimes", "Sampling", "Studies", "Transforms", .logging],
        testExclude: ["Golden"],
        tests: ["Performance"]
    )
    + module(
        "Serving",
        storedFeature + ["InferenceProto", "Ledger", "Registry", "Rollouts", "Runtimes", .metrics, .protobuf] + http2,
        resources: [.embedInCode("OpenAPI/Assets")],
        testExclude: ["Golden"],
        tests: ["InferenceProto", .hummingbirdTesting, .protobuf] + http2
    )
    + module(
        "Monitoring",
        feature + ["Statistics", "Drift", "Quality", "Performance", "Schedules", .metrics],
        tests: [.hummingbirdTesting]
    )
    + module("Loop", feature + ["Schedules"], tests: [.hummingbirdTesting])
    + module(
        "Replay",
        feature + ["Ledger", "Performance", "Runtimes", "Statistics"],
        tests: [.hummingbirdTesting]
    )

// L3: views over features.
let surfaces: [Target] =
    module(
        "Console",
        ["Core", "Artifacts", "HTTPSupport", "Access", "Tracking", "Registry", "Datasets", "Pipelines", "Serving"]
            + [
                "Drift", "Events", "Ledger", "Lineage", "Monitoring", "Loop", "Plots", "Replay", "Rollouts", "Studies",
                .hummingbird, .logging, .mustache,
            ],
        resources: [.embedInCode("Assets"), .embedInCode("Templates")],
        tests: [.hummingbirdTesting]
    )
    + module(
        "Imports",
        ["Core", "Storage", "Artifacts", "Egress", "Tracking", "Registry", .logging, .yams]
    )
    + module(
        "Argo",
        ["Core", "Egress", "Pipelines", "Schedules", .asyncHTTPClient, .logging, .nioCore, .nioSSL, .yams],
        testExclude: ["Golden"],
        tests: [.hummingbird, .hummingbirdTesting]
    )
    + module(
        "Backups",
        ["Core", "Storage", "Artifacts", "HTTPSupport", .crypto, .hummingbird, .logging],
        tests: [.hummingbirdTesting]
    )

// L4: the one place where everything meets.
let composition: [Target] =
    module(
        "Server",
        ["Core", "Storage", "Artifacts", "Runtimes", "HTTPSupport", "Access", "Egress", "Observability"]
            + [
                "Tracking", "Traces", "Evaluations", "Registry", "Webhooks", "Secrets", "Datasets", "Pipelines",
                "Learning", "Serving", "Statistics", "Drift", "Quality", "Performance",
                "Rollouts", "Ledger", "Replay", "Events", "GitOps",
            ]
            + ["Argo", "Lineage", "Plots", "Sampling", "Schedules", "Studies", "Transforms"]
            + [
                "Monitoring", "Loop", "Console", "Imports", "Backups", "CHost", .asyncHTTPClient, .crypto, .hummingbird,
                .logging, .metrics, .serviceLifecycle, .yams,
            ],
        tests: [.hummingbirdTesting, .asyncHTTPClient, .logging]
    )
    + [
        .executableTarget(
            name: "martlet",
            dependencies: [
                "Core", "Storage", "Artifacts", "HTTPSupport", "InferenceProto", "Runtimes", "Access", "Registry",
                "Argo", "Backups", "Drift", "Quality", "Performance", "Ledger", "Lineage", "Pipelines", "Plots",
                "Rollouts",
                "Sampling", "Schedules", "Studies", "Server", .argumentParser, .asyncHTTPClient, .crypto, .histogram,
                .logging, .protobuf,
            ] + http2,
            swiftSettings: strict
        ),
        .testTarget(
            name: "martletTests",
            dependencies: ["martlet", "TestSupport"],
            exclude: ["Golden"],
            swiftSettings: testSettings
        ),
        .executableTarget(
            name: "Fuzzing",
            dependencies: [
                "Core", "Storage", "Artifacts", "Runtimes", "HTTPSupport", "Access", "Registry", "Datasets",
                "Pipelines", "Sampling", "Schedules", "Transforms",
                "Monitoring", "Loop", "Serving", "Ledger", "Rollouts", "Server", "Traces", "Tracking", "InferenceProto",
                "OpenTelemetryProto",
                .hummingbird, .logging, .nioEmbedded, .nioHTTP1, .protobuf,
            ] + http2,
            swiftSettings: strict
        ),
        .executableTarget(
            name: "GateBenchmark",
            dependencies: ["Access", "Core", "HTTPSupport", "Storage"],
            path: "Benchmarks/gate/Sources",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "MonitoringBenchmark",
            dependencies: ["Core", "Drift"],
            path: "Benchmarks/monitoring/Sources",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "LoopBenchmark",
            dependencies: ["Core", "Ledger", "Rollouts", "Runtimes", "Serving", "Storage"],
            path: "Benchmarks/loop/Sources",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "PipelineBenchmark",
            dependencies: ["Core", "Pipelines", "Schedules", "Storage", .logging],
            path: "Benchmarks/pipelines/Sources",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "LearningBenchmark",
            dependencies: ["Core", "Datasets", "Learning", "Runtimes", "Sampling", "Storage", "Studies", .logging],
            path: "Benchmarks/learning/Sources",
            swiftSettings: strict
        ),
        .testTarget(name: "TidyTests", swiftSettings: testSettings),
    ]

let package = Package(
    name: "martlet",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "martlet", targets: ["martlet"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
    ],
    targets: ground + infrastructure + judgement + learning + features + surfaces + composition
)
