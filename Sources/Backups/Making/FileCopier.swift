import Artifacts
import Core

/// Copies the files of a store into a place, several at once; what an earlier backup has is not read again.
struct FileCopier: Sendable {
    let place: BackupPlace
    let store: any ArtifactStore
    let known: [ArtifactPath: ListedFile]

    /// Copies files; nil for one that is gone.
    func copy(_ paths: [ArtifactPath]) async throws -> [ListedFile?] {
        try await withThrowingTaskGroup(of: (Int, ListedFile?).self) { group in
            var copied = [ListedFile?](repeating: nil, count: paths.count)
            var next = 0
            while next < paths.count || !group.isEmpty {
                if next < paths.count {
                    let position = next
                    group.addTask { (position, try await copy(paths[position])) }
                    next += 1
                    if next < min(BackupsLimits.filesAtOnce, paths.count) { continue }
                }
                if let (position, file) = try await group.next() { copied[position] = file }
            }
            return copied
        }
    }

    private func copy(_ path: ArtifactPath) async throws -> ListedFile? {
        do {
            if let before = known[path], place.has(before.file) {
                let status = try await store.status(path)
                if status.tag == before.tag, status.size == before.file.size, !status.tag.isEmpty {
                    place.countReused(before.file)
                    return before
                }
            }
            let body = try await store.read(path)
            let file = try await place.put(body.chunks)
            guard file.size == body.size else {
                throw MartletError(.dataLoss, "The file '\(path)' ended before its end.")
            }
            return ListedFile(path: path, file: file, tag: body.status.tag)
        } catch let error as MartletError where error.code == .notFound {
            return nil
        }
    }
}
