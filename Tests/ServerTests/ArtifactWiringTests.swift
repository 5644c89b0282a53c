import Core
import Server
import Testing

@Suite struct ArtifactWiringTests {
    @Test func wrongSettingsOfABucketAreNamed() {
        var settings = ServerSettings()
        settings.artifacts = "s3://bucket"
        let error = #expect(throws: MartletError.self) {
            try ArtifactWiring.store(settings: settings, environment: ["AWS_ENDPOINT_URL": "nowhere"])
        }
        #expect(error?.message.contains("AWS_ENDPOINT_URL") == true)
        // Buffers of parts are larger, so they go back to the system.
        #expect(ServerLimits.keptBlockBytes < 8 * 1024 * 1024)
    }
}
