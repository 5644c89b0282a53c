import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A failed system call, before it is told as a `MartletError`.
struct SystemError: Error {
    /// The value of errno.
    let number: Int32

    /// Says what failed in terms of the artifact, never of the host's paths.
    func explained(_ path: ArtifactPath) -> MartletError {
        switch number {
        case ENOENT:
            MartletError(.notFound, "No such artifact: '\(path)'")
        case ELOOP, EXDEV:
            MartletError(.invalidArgument, "Invalid path '\(path)': it passes through a symbolic link.")
        case ENOTDIR, EEXIST:
            MartletError(.invalidArgument, "Invalid path '\(path)': a file lies where it needs a directory.")
        case EISDIR:
            MartletError(.invalidArgument, "Artifact path refers to a directory, not a file: '\(path)'")
        case ENAMETOOLONG, EINVAL:
            MartletError(.invalidArgument, "Invalid path '\(path)': the file system does not accept it.")
        case ENOSPC, EDQUOT, EFBIG:
            MartletError(.storageFull, "No space left for artifact '\(path)': free disk space and try again.")
        case EMFILE, ENFILE, EAGAIN:
            MartletError(.unavailable, "Too many open files to reach artifact '\(path)': try again in a moment.")
        case EACCES, EPERM, EROFS:
            MartletError(.internal, "The artifact folder may not be accessed ('\(path)'): check its owner and mode.")
        default:
            MartletError(.internal, "Artifact '\(path)' could not be accessed (system error \(number)).")
        }
    }
}
