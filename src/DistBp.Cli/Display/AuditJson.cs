using System.Text.Json;
using DistBp.Cluster.Runs.Audits;

namespace DistBp.Cli.Display;

/// <summary>
/// An audit as one JSON object: {"proven", "ledger", "samples", "batch", "slices", "stepsPerEpoch", "steps": {"applied", "skipped", "rejected",
/// "repeated"}, "wholeEpochs", "underWay": {"epoch", "samples"} or null, "workers", "generations", "restarts", "maxStaleness", "missing",
/// "repeated" (samples, over all epochs), "faults": [{"kind": "missing"|"repeated", "epoch", "samples", "first": [{"sample", "step", "why"}]}],
/// "unknown": [sentences], "damage": {"offset", "afterStep", "why"} or null}.
/// </summary>
internal static class AuditJson
{
    public static void Write(AuditReport report, TextWriter output) => JsonText.Write(output, json =>
    {
        json.WriteBoolean("proven", report.Proven);
        json.WriteString("ledger", report.Ledger);
        json.WriteNumber("samples", report.Samples);
        json.WriteNumber("batch", report.Batch);
        json.WriteNumber("slices", report.Slices);
        json.WriteNumber("stepsPerEpoch", report.StepsPerEpoch);
        json.WriteStartObject("steps");
        json.WriteNumber("applied", report.StepsApplied);
        json.WriteNumber("skipped", report.StepsSkipped);
        json.WriteNumber("rejected", report.StepsRejected);
        json.WriteNumber("repeated", report.StepsRepeated);
        json.WriteEndObject();
        json.WriteNumber("wholeEpochs", report.WholeEpochs);
        WriteUnderWay(report, json);
        json.WriteNumber("workers", report.Workers);
        json.WriteNumber("generations", report.Generations);
        json.WriteNumber("restarts", report.Restarts);
        json.WriteNumber("maxStaleness", report.MaxStaleness);
        json.WriteNumber("missing", report.Missing);
        json.WriteNumber("repeated", report.Repeated);
        WriteFaults(report, json);
        json.WriteStartArray("unknown");
        foreach (string sentence in report.Unknown) json.WriteStringValue(sentence);
        json.WriteEndArray();
        WriteDamage(report, json);
    });

    private static void WriteUnderWay(AuditReport report, Utf8JsonWriter json)
    {
        if (report.EpochUnderWay == 0)
        {
            json.WriteNull("underWay");
            return;
        }
        json.WriteStartObject("underWay");
        json.WriteNumber("epoch", report.EpochUnderWay);
        json.WriteNumber("samples", report.SamplesUnderWay);
        json.WriteEndObject();
    }

    private static void WriteFaults(AuditReport report, Utf8JsonWriter json)
    {
        json.WriteStartArray("faults");
        foreach (AuditFault fault in report.Faults)
        {
            json.WriteStartObject();
            json.WriteString("kind", fault.Kind == AuditFaultKind.Missing ? "missing" : "repeated");
            json.WriteNumber("epoch", fault.Epoch);
            json.WriteNumber("samples", fault.Samples);
            json.WriteStartArray("first");
            foreach (FaultySample sample in fault.First)
            {
                json.WriteStartObject();
                json.WriteNumber("sample", sample.Sample);
                json.WriteNumber("step", sample.Step);
                json.WriteString("why", sample.Why);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteDamage(AuditReport report, Utf8JsonWriter json)
    {
        if (report.Damage is not { } damage)
        {
            json.WriteNull("damage");
            return;
        }
        json.WriteStartObject("damage");
        json.WriteNumber("offset", damage.Offset);
        json.WriteNumber("afterStep", damage.LastStep);
        json.WriteString("why", damage.Why);
        json.WriteEndObject();
    }
}
