namespace DistBp.Cluster.Tests.Runs;

/// <summary>A test that lets espeak-ng speak. Without it the test is skipped; in CI, which installs it, it fails instead.</summary>
internal sealed class EspeakFactAttribute : FactAttribute
{
    public EspeakFactAttribute()
    {
        bool installed = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(f => File.Exists(Path.Combine(f, "espeak-ng")));
        if (!installed && Environment.GetEnvironmentVariable("DISTBP_CI") != "1") Skip = "espeak-ng is missing: apt install espeak-ng";
    }
}
