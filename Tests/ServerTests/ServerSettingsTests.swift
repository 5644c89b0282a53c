import Core
import Server
import Testing

@Suite struct ServerSettingsTests {
    @Test func defaultsAreLoopbackAndTheHiddenDirectory() throws {
        let settings = try ServerSettings.resolve(flags: .init(), environment: [:], file: nil)
        var expected = ServerSettings()
        // The data is protected from tasks by its path, which the working directory completes.
        expected.sandbox = settings.sandbox
        #expect(settings == expected)
        #expect(settings.host == "127.0.0.1")
        #expect(settings.port == 5000)
        #expect(settings.databasePath == ".martlet/martlet.db")
        #expect(settings.artifactsPath == ".martlet/artifacts")
    }

    @Test func flagsComeBeforeVariablesBeforeTheFile() throws {
        var flags = ServerSettings.Flags()
        flags.port = 1
        let environment = ["MARTLET_PORT": "2", "MARTLET_DATA": "variable", "MARTLET_ALLOWED_HOSTS": "a,b"]
        let file: JSONObject = ["port": 3, "data": "file", "host": "localhost", "log_format": "json"]
        let settings = try ServerSettings.resolve(flags: flags, environment: environment, file: file)
        #expect(settings.port == 1)
        #expect(settings.data == "variable")
        #expect(settings.host == "localhost")
        #expect(settings.allowedHosts == ["a", "b"])
        #expect(settings.logFormat == .json)
    }

    @Test func unknownKeysAreNamed() {
        let error = #expect(throws: MartletError.self) {
            try ServerSettings.resolve(flags: .init(), environment: [:], file: ["prot": 1])
        }
        #expect(error?.message.contains("'server.prot'") == true)
    }

    @Test(arguments: [-1, 65_536, Int.max])
    func portsOutOfRangeAreRefused(port: Int) {
        var flags = ServerSettings.Flags()
        flags.port = port
        #expect(throws: MartletError.self) { try ServerSettings.resolve(flags: flags, environment: [:], file: nil) }
    }

    @Test func otherStoresAreRefusedPlainly() {
        for (database, artifacts) in [("mysql://h/d", nil), (nil, "gs://bucket")] as [(String?, String?)] {
            var flags = ServerSettings.Flags()
            flags.database = database
            flags.artifacts = artifacts
            let error = #expect(throws: MartletError.self) {
                try ServerSettings.resolve(flags: flags, environment: [:], file: nil)
            }
            #expect(error?.code == .unimplemented)
        }
    }

    @Test func theDatabaseMayBePostgreSQL() throws {
        for url in ["postgres://user:secret@host/database", "postgresql:///database?host=/run/postgresql"] {
            var flags = ServerSettings.Flags()
            flags.database = url
            let settings = try ServerSettings.resolve(flags: flags, environment: [:], file: nil)
            #expect(settings.postgresURL == url)
        }
        let error = #expect(throws: MartletError.self) {
            let environment = ["MARTLET_DATABASE": "postgres://user:secret@host/database?x"]
            return try ServerSettings.resolve(flags: .init(), environment: environment, file: nil)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func aBucketMayHoldTheArtifacts() throws {
        var flags = ServerSettings.Flags()
        flags.artifacts = "s3://bucket/prefix"
        let settings = try ServerSettings.resolve(flags: flags, environment: [:], file: nil)
        #expect(settings.artifactsPath == "s3://bucket/prefix")
    }

    @Test func wrongVariablesAreNamed() {
        for environment in [["MARTLET_PORT": "http"], ["MARTLET_LOG_FORMAT": "xml"]] {
            #expect(throws: MartletError.self) {
                try ServerSettings.resolve(flags: .init(), environment: environment, file: nil)
            }
        }
    }
}
