import ArgumentParser
import Core

/// `martlet schedule …`.
struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "See when pipelines start by themselves, pause that, and make up for the past.",
        subcommands: [
            ScheduleList.self, ScheduleNext.self, ScheduleFirings.self, SchedulePause.self, ScheduleResume.self,
            ScheduleFire.self, ScheduleBackfill.self, ScheduleBackfills.self, ScheduleCancel.self,
        ]
    )

    /// The route of a trigger.
    static func path(_ pipeline: String, _ trigger: String, _ rest: String = "") -> String {
        "/api/martlet/v1/schedules/\(ServerClient.segment(pipeline))/\(ServerClient.segment(trigger))\(rest)"
    }
}

/// Which trigger is meant.
struct TriggerOptions: ParsableArguments {
    @Argument(help: "The pipeline's name.")
    var pipeline: String
    @Argument(help: "The trigger's name.")
    var trigger: String
}
