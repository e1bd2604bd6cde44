using System.Text.Json;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes.Clients;

namespace DistBp.Cli.Display;

/// <summary>A cluster's status, for programs.</summary>
internal static class StatusJson
{
    public static void Write(ClusterReport r, TextWriter output) => JsonText.Write(output, json =>
    {
        json.WriteString("cluster", r.Cluster);
        json.WriteString("version", r.Version);
        json.WriteString("coordinator", r.Coordinator);
        json.WriteString("address", r.Address);
        json.WriteStartArray("members");
        foreach (MemberReport member in r.Members) Write(json, member);
        json.WriteEndArray();
        json.WriteStartArray("jobs");
        foreach (JobReport job in r.Jobs) Write(json, job);
        json.WriteEndArray();
    });

    private static void Write(Utf8JsonWriter json, MemberReport m)
    {
        json.WriteStartObject();
        json.WriteString("name", m.Name);
        json.WriteStartArray("roles");
        foreach ((string word, _) in NodeRolesText.Words.Where(w => m.Roles.HasFlag(w.Role))) json.WriteStringValue(word);
        json.WriteEndArray();
        json.WriteString("address", m.Address);
        json.WriteNumber("workers", m.Workers);
        json.WriteString("state", m.State);
        JsonText.Number(json, "secondsSinceJoin", m.SinceJoin.TotalSeconds);
        JsonText.Number(json, "secondsSinceHeard", m.SinceHeard.TotalSeconds);
        JsonText.Number(json, "stepSeconds", m.StepTime?.TotalSeconds);
        json.WriteString("slow", m.Slow);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, JobReport j)
    {
        json.WriteStartObject();
        json.WriteString("id", j.Id);
        json.WriteString("name", j.Name);
        json.WriteString("state", j.State);
        json.WriteNumber("step", j.Step);
        json.WriteNumber("totalSteps", j.TotalSteps);
        json.WriteNumber("epoch", j.Epoch);
        json.WriteNumber("epochs", j.Epochs);
        JsonText.Number(json, "loss", j.Loss);
        json.WriteString("folder", j.Folder);
        json.WriteString("error", j.Error);
        json.WriteEndObject();
    }
}
