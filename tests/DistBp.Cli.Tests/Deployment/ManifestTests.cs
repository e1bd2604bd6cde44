using System.CommandLine;
using DistBp.Cli.Usage;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes;

namespace DistBp.Cli.Tests.Deployment;

/// <summary>What deploy/kubernetes renders to fits together: commands, configuration, ports, names, probes.</summary>
public sealed class ManifestTests : IDisposable
{
    private const int Port = 5600;

    /// <summary>A node saves or hands over for at most 30 s, and its last calls get one more.</summary>
    private const int ShutdownSeconds = 31;
    private const string Secret = "a secret of tests";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [KubectlFact]
    public void A_coordinator_servers_workers_and_a_submission_are_rendered_and_no_secret()
    {
        Assert.Equal(["distbp-coordinator", "distbp-server", "distbp-worker"], Manifests.Shipped.StatefulSets.Select(Manifests.NameOf));
        Assert.Equal("distbp-train", Manifests.NameOf(Manifests.Shipped.OfKind("Job").Single()));
        Assert.Equal(["cluster.hocon", "job.yaml"], Manifests.Shipped.Files.Keys);
        Assert.DoesNotContain("Secret", Manifests.Shipped.Kinds);
        Assert.All(Manifests.Shipped.StatefulSets, set => Assert.Equal("Parallel", set["spec"]["podManagementPolicy"].Text));
        Assert.Equal(1, Manifests.Shipped.Find("StatefulSet", "distbp-coordinator")["spec"]["replicas"].Number);
    }

    [KubectlFact]
    public void Each_pod_has_a_name_in_a_headless_service_that_selects_it()
    {
        foreach (ManifestNode set in Manifests.Shipped.StatefulSets)
        {
            ManifestNode service = Manifests.Shipped.Find("Service", set["spec"]["serviceName"].Text)["spec"];
            Assert.Equal("None", service["clusterIP"].Text);
            Assert.True(service["publishNotReadyAddresses"].Flag);
            IReadOnlyDictionary<string, string> labels = set["spec"]["template"]["metadata"]["labels"].Texts;
            Assert.Equal(labels, service["selector"].Texts);
            Assert.Equal(labels, set["spec"]["selector"]["matchLabels"].Texts);
            Assert.Equal(Port, service["ports"].Items.Single()["port"].Number);
            Assert.Equal(Port, ContainerOf(set).Ports[service["ports"].Items.Single()["targetPort"].Text]);
        }
    }

    [KubectlFact]
    public void The_command_understands_each_containers_arguments()
    {
        PodContainer[] containers = [.. Manifests.Shipped.StatefulSets.Select(ContainerOf), Submission()];
        Assert.All(containers, c => Assert.Null(UsageError.Find(DistBpCommand.Create().Parse(c.Arguments))));
        Assert.Equal(["node", "node", "node", "train"], containers.Select(c => c.Arguments[0]));
    }

    [KubectlFact]
    public void Each_node_listens_where_its_service_its_probes_and_the_others_look_for_it()
    {
        NodeAddress coordinator = new("distbp-coordinator-0.distbp-coordinator", Port);
        foreach (ManifestNode set in Manifests.Shipped.StatefulSets)
        {
            PodContainer pod = ContainerOf(set);
            ClusterConfiguration c = ConfigurationOf(pod);
            Assert.Equal(coordinator, c.Rendezvous.Coordinator);
            Assert.True(c.Node.Listen.IsWildcard);
            Assert.Equal(Port, c.Node.Listen.Port);
            Assert.False(c.Cluster.Secret.IsNone);
            Assert.Equal(pod.PodName, pod.Flag("name"));
            Assert.Equal($"{pod.PodName}.{set["spec"]["serviceName"].Text}:{Port}", pod.Flag("advertise"));
            Assert.Equal(Manifests.NameOf(set), $"distbp-{pod.Flag("roles")}");
        }
        Assert.Equal(coordinator.ToString(), ContainerOf(Manifests.Shipped.Find("StatefulSet", "distbp-coordinator")).Flag("advertise"));
        Assert.Equal(coordinator.ToString(), Submission().Flag("cluster"));
        Assert.Equal(Secret, Submission().Environment["DISTBP_SECRET"]);
    }

    [KubectlFact]
    public void Probes_ask_the_health_service_at_a_numeric_port()
    {
        foreach (PodContainer pod in Manifests.Shipped.StatefulSets.Select(ContainerOf))
        {
            Assert.All(["startupProbe", "livenessProbe", "readinessProbe"], probe => Assert.Equal(Port, pod.Manifest[probe]["grpc"]["port"].Number));
            Assert.Equal("ready", pod.Manifest["readinessProbe"]["grpc"]["service"].Text);
            // A node that is not a member yet, or any more, must not be killed for that.
            Assert.Null(pod.Manifest["livenessProbe"]["grpc"].Find("service"));
        }
    }

    [KubectlFact]
    public void A_pod_has_time_to_go()
    {
        foreach (ManifestNode set in Manifests.Shipped.StatefulSets)
        {
            ManifestNode pod = set["spec"]["template"]["spec"];
            int before = 0;
            if (ContainerOf(set).Manifest.Find("lifecycle") is { } lifecycle)
            {
                string[] command = [.. lifecycle["preStop"]["exec"]["command"].Items.Select(w => w.Text)];
                Assert.Equal("sleep", command[0]);
                before = int.Parse(command[1], System.Globalization.CultureInfo.InvariantCulture);
            }
            Assert.True(pod["terminationGracePeriodSeconds"].Number > before + ShutdownSeconds, $"{set} is killed before it has gone");
        }
    }

    [KubectlFact]
    public void Nothing_runs_as_root_and_nothing_is_written_but_into_volumes()
    {
        foreach (ManifestNode pod in Manifests.Shipped.PodSpecs)
        {
            Assert.True(pod["securityContext"]["runAsNonRoot"].Flag);
            Assert.True(pod["securityContext"]["runAsUser"].Number > 0);
            Assert.False(pod["automountServiceAccountToken"].Flag);
            var container = new PodContainer(pod, "pod-0", Secret);
            ManifestNode security = container.Manifest["securityContext"];
            Assert.False(security["allowPrivilegeEscalation"].Flag);
            Assert.True(security["readOnlyRootFilesystem"].Flag);
            Assert.Equal("ALL", security["capabilities"]["drop"].Items.Single().Text);
            Assert.Equal("emptyDir", container.Mounts["/tmp"]);
            Assert.Equal("configMap", container.Mounts["/etc/distbp"]);
            StorageConfigurationIsMounted(container);
            Assert.All(["cpu", "memory"], resource => Assert.NotNull(container.Manifest["resources"]["requests"].Find(resource)));
            Assert.NotNull(container.Manifest["resources"]["limits"].Find("memory"));
        }
        // What a run leaves outlives the coordinator's pod.
        Assert.Equal("persistentVolumeClaim", ContainerOf(Manifests.Shipped.Find("StatefulSet", "distbp-coordinator")).Mounts["/var/lib/distbp"]);
    }

    [KubectlFact]
    public void A_disruption_budget_keeps_the_pods_of_each_role()
    {
        foreach (ManifestNode set in Manifests.Shipped.StatefulSets)
        {
            ManifestNode budget = Manifests.Shipped.Find("PodDisruptionBudget", Manifests.NameOf(set));
            Assert.Equal(set["spec"]["selector"]["matchLabels"].Texts, budget["spec"]["selector"]["matchLabels"].Texts);
        }
    }

    [KubectlFact]
    public void All_containers_run_the_image_of_this_version()
    {
        Assert.All(Manifests.Shipped.PodSpecs, pod => Assert.Equal($"distbp:{ProductVersion.Current}", pod["containers"].Items.Single()["image"].Text));
    }

    [KubectlFact]
    public void The_job_of_the_config_map_is_right_and_the_submission_names_it()
    {
        string job = _folder.Write("job.yaml", Manifests.Shipped.Files["job.yaml"]);
        Assert.True(JobFile.Read(_folder.File(job), []).Slices >= 4, "more workers than slices would stay idle");
        Assert.Equal("/etc/distbp/job.yaml", Submission().Arguments[1]);
    }

    [KubectlFact]
    public void One_number_scales_the_workers()
    {
        string copy = _folder.File("kubernetes");
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(DeployFolder.Kubernetes)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        string workers = Path.Combine(copy, "worker.yaml");
        string[] lines = File.ReadAllLines(workers);
        int number = Array.FindIndex(lines, l => l.TrimStart().StartsWith("replicas:", StringComparison.Ordinal));
        Assert.Equal(1, lines.Count(l => l.TrimStart().StartsWith("replicas:", StringComparison.Ordinal)));
        lines[number] = "  replicas: 17";
        File.WriteAllLines(workers, lines);
        string[] before = Manifests.Render(DeployFolder.Kubernetes).Split('\n'), after = Manifests.Render(copy).Split('\n');
        Assert.Equal("  replicas: 17", Assert.Single(after.Where((line, i) => line != before[i])));
        Assert.Equal(17, new Manifests(string.Join('\n', after)).Find("StatefulSet", "distbp-worker")["spec"]["replicas"].Number);
    }

    private static PodContainer ContainerOf(ManifestNode set) =>
        new(set["spec"]["template"]["spec"], Manifests.NameOf(set) + "-0", Secret);

    private static PodContainer Submission() => new(Manifests.Shipped.OfKind("Job").Single()["spec"]["template"]["spec"], "distbp-train-x", Secret);

    private ClusterConfiguration ConfigurationOf(PodContainer pod)
    {
        Assert.Equal("/etc/distbp/cluster.hocon", pod.Flag("config"));
        return ReadConfiguration(pod);
    }

    private ClusterConfiguration ReadConfiguration(PodContainer pod) => ClusterConfiguration.Read(_folder.File(
        _folder.Write("cluster.hocon", DeployFolder.FillIn(Manifests.Shipped.Files["cluster.hocon"], pod.Environment))));

    private void StorageConfigurationIsMounted(PodContainer pod)
    {
        ClusterConfiguration c = ReadConfiguration(pod);
        foreach (string folder in new[] { c.Storage.State, c.Storage.Runs })
        {
            string kind = pod.Mounts.Single(m => folder.StartsWith(m.Key + "/", StringComparison.Ordinal)).Value;
            Assert.Contains(kind, new[] { "emptyDir", "persistentVolumeClaim" });
        }
    }
}
