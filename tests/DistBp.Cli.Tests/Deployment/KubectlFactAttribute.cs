using DistBp.Tests.Shared;

namespace DistBp.Cli.Tests.Deployment;

/// <summary>Renders the Kubernetes manifests. Without kubectl the test is skipped; in CI, which installs it, it fails instead.</summary>
internal sealed class KubectlFactAttribute : FactAttribute
{
    public KubectlFactAttribute()
    {
        if (!Surroundings.HasProgram("kubectl") && !Surroundings.IsCI) Skip = "kubectl is missing: apt install kubernetes-client";
    }
}
