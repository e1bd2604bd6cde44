using DistBp.Tests.Shared;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>A test that lets espeak-ng speak. Without it the test is skipped; in CI, which installs it, it fails instead.</summary>
internal sealed class EspeakFactAttribute : FactAttribute
{
    public EspeakFactAttribute()
    {
        if (!Surroundings.HasProgram("espeak-ng") && !Surroundings.IsCI) Skip = "espeak-ng is missing: apt install espeak-ng";
    }
}
