namespace DistBp.Cluster.Runs;

/// <summary>What is told of copies of the parameter shards.</summary>
internal static class ReplicationText
{
    /// <summary>Where there are fewer servers than a shard and its copies need.</summary>
    public static string TooFew(int replication, int servers)
    {
        string what = servers == 1 ? "there is one: its shard has no copy" : $"there are {servers}: each shard has {servers - 1} cop{(servers == 2 ? "y" : "ies")}";
        return $"replication {replication} needs {replication + 1} servers, and {what}";
    }
}
