namespace DistBp.Cli.Tests.Deployment;

/// <summary>Renders the Kubernetes manifests. Without kubectl the test is skipped; in CI, which installs it, it fails instead.</summary>
internal sealed class KubectlFactAttribute : FactAttribute
{
    public KubectlFactAttribute()
    {
        bool installed = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(f => File.Exists(Path.Combine(f, "kubectl")));
        if (!installed && Environment.GetEnvironmentVariable("DISTBP_CI") != "1") Skip = "kubectl is missing: apt install kubernetes-client";
    }
}
