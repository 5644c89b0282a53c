extension ServingLimits {
    /// Longest gRPC message unless settings say otherwise, in bytes.
    package static let grpcMessageBytes = 64 * 1024 * 1024
    /// Most bytes of large gRPC messages under way at once, of all connections together.
    package static let grpcBufferedBytes = 256 * 1024 * 1024
    /// Largest message that may be answered on the event loop, in bytes.
    package static let grpcImmediateBytes = 64 * 1024
    /// Deepest nesting of a gRPC message.
    package static let grpcMessageDepth = 32
    /// Longest `grpc-message`, in bytes before it is encoded.
    package static let grpcStatusMessageBytes = 1024
    /// Most gRPC connections at once.
    package static let grpcConnections = 10_000
    /// Most calls at once on one connection.
    package static let grpcStreams = 256
    /// Largest request headers of a call, in bytes.
    package static let grpcHeaderBytes = 16 * 1024
    /// Bytes that a client may send on a connection before it is told to go on.
    package static let grpcConnectionWindow = 8 * 1024 * 1024
    /// Bytes that a client may send on one call before it is told to go on.
    package static let grpcStreamWindow = 256 * 1024
    /// Pings and settings that a client may send in 30 seconds; gRPC's own clients measure the line with pings.
    package static let grpcControlFrames = 2000
    /// Calls that a client may reset in 30 seconds.
    package static let grpcResets = 1000
    /// How long a client may keep still in the middle of a request, or before its first word, in seconds.
    package static let grpcPatienceSeconds: Int64 = 20
    /// How long a connection may be silent before it is asked whether the client is still there, in seconds.
    package static let grpcKeepaliveSeconds: Int64 = 60
    /// How long calls may take to finish when the server stops, in seconds.
    package static let grpcDrainSeconds: Int64 = 30
    /// How often a watched health status is looked at.
    package static let grpcHealthInterval: Duration = .seconds(1)
}
