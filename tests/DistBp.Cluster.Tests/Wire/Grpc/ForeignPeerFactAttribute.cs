using System.Diagnostics;
using DistBp.Tests.Shared;

namespace DistBp.Cluster.Tests.Wire.Grpc;

/// <summary>Needs Debian's python3-grpcio; without it the test is skipped, but not in CI, which installs it.</summary>
public sealed class ForeignPeerFactAttribute : FactAttribute
{
    public const string Python = "/usr/bin/python3";

    private static readonly Lazy<bool> s_isThere = new(() =>
    {
        if (!File.Exists(Python)) return false;
        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", "import grpc, google.protobuf"]) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    });

    public ForeignPeerFactAttribute()
    {
        if (!Surroundings.IsCI && !s_isThere.Value)
            Skip = "the foreign gRPC peer is missing: apt install python3-grpcio python3-protobuf";
    }
}
