import Core
import Server
import Synchronization

/// Shows how far an import is, now and then.
final class ImportPace: Sendable {
    private let last = Mutex<Timestamp?>(nil)
    private let terminal: Terminal

    init(terminal: Terminal) {
        self.terminal = terminal
    }

    func show(_ progress: ImportProgressLine) {
        let isDue = last.withLock { last in
            guard let shown = last else {
                last = progress.now
                return false
            }
            guard progress.now - shown >= CommandLimits.importPause else { return false }
            last = progress.now
            return true
        }
        if isDue { terminal.note(DisplayText.safe(progress.text)) }
    }
}
