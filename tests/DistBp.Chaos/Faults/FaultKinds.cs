namespace DistBp.Chaos.Faults;

/// <summary>Kinds as they stand in options and in the table.</summary>
internal static class FaultKinds
{
    private static readonly (FaultKind Kind, string Name)[] s_names =
    [
        (FaultKind.Kill, "kill"), (FaultKind.ShortPause, "short-pause"), (FaultKind.Freeze, "freeze"), (FaultKind.Cut, "cut"), (FaultKind.Partition, "partition"),
        (FaultKind.Mute, "mute"), (FaultKind.Deaf, "deaf"), (FaultKind.SlowLink, "slow-link"), (FaultKind.FullDisk, "full-disk"),
        (FaultKind.KillCoordinator, "kill-coordinator"), (FaultKind.FreezeCoordinator, "freeze-coordinator"), (FaultKind.KillEtcd, "kill-etcd"),
    ];

    public static IEnumerable<string> Names => s_names.Select(n => n.Name);

    public static IEnumerable<FaultKind> All => s_names.Select(n => n.Kind);

    /// <summary>Needs a cluster whose coordinators are elected.</summary>
    public static bool WantsEtcd(FaultKind kind) => kind is FaultKind.FreezeCoordinator or FaultKind.KillEtcd;

    public static string NameOf(FaultKind kind) => s_names.First(n => n.Kind == kind).Name;

    /// <exception cref="ArgumentException">There is no such kind.</exception>
    public static IReadOnlyList<FaultKind>? Parse(string? text)
    {
        if (text is null) return null;
        string[] names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0 || names.Except(Names).Any())
            throw new ArgumentException($"--kinds takes {string.Join(", ", Names)}, with commas between them, not \"{text}\"");
        return [.. s_names.Where(n => names.Contains(n.Name)).Select(n => n.Kind)];
    }
}
