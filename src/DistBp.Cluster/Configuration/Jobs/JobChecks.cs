using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Optimizers;
using DistBp.Learning.Schedules;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>What must hold between the keys of a job, as far as it can be known without the data.</summary>
internal sealed class JobChecks
{
    private readonly JobDescription _job;
    private readonly Node _root;
    private readonly ProblemList _problems;

    private JobChecks(JobDescription job, Node root, ProblemList problems) => (_job, _root, _problems) = (job, root, problems);

    /// <param name="root">Says where the keys stand.</param>
    public static void Report(JobDescription job, Node root, ProblemList problems)
    {
        var checks = new JobChecks(job, root, problems);
        checks.CheckParts();
        checks.CheckPreprocessing();
        checks.CheckTarget();
        checks.CheckLastLayer();
        checks.CheckLayerNames();
        checks.CheckTraining();
        checks.CheckConsistency();
    }

    private void CheckParts()
    {
        if (IsRight("data.test") && IsRight("data.validation") && IsRight("data.format")
            && _job.Data.Test is Fraction test && _job.Data.Validation is Fraction validation && test.Value + validation.Value >= 1)
            Wrong("data.validation", $"test {test.Value} and validation {validation.Value} leave nothing to train on", "make their sum less than 1");
        if (!IsRight("earlyStopping") || !IsRight("data") || _job.EarlyStopping is not { } stopping) return;
        if (stopping.Metric.StartsWith("validation", StringComparison.Ordinal) && _job.Data.Validation is null)
            Wrong("earlyStopping.metric", $"{stopping.Metric} needs validation data", "add data.validation, for example 0.1, or use trainLoss");
        if (stopping.Metric.EndsWith("Accuracy", StringComparison.Ordinal) && IsRight("loss")
            && _job.Target is not (TargetKind.Classes or TargetKind.Binary))
            Wrong("earlyStopping.metric", $"{stopping.Metric} needs classes, and this job has none", "use validationLoss or trainLoss");
    }

    private void CheckPreprocessing()
    {
        if (!IsRight("data")) return;
        if (_job.Data.Format == DataFormat.Text && _job.Data.Preprocess.Count > 0)
            Wrong("data.preprocess", "a text is made of characters, which are not preprocessed", "delete it");
        if (_job.Data.Format is DataFormat.Text or DataFormat.Wav && _job.Data.Shape is not null)
            Wrong("data.shape", "the shape of texts and sounds follows from the keys of data.train", "delete it");
        for (int i = 0; i < _job.Data.Preprocess.Count; i++)
        {
            PreprocessStep step = _job.Data.Preprocess[i];
            if (_job.Data.Format == DataFormat.Shards && step is not (DivideStep or StandardizeStep or MinMaxStep))
                Wrong($"data.preprocess.{i}", $"{step.Kind} needs all samples in memory, and shards are read a piece at a time",
                    "delete it, and let `distbp data convert` do it where the shards are made");
            else if (step is OneHotStep && _job.Data.Format != DataFormat.Csv)
                Wrong($"data.preprocess.{i}", "oneHot is for the columns of a CSV file", "delete it, or use format: csv");
            if (step is SelectTopStep && _job.Data.TargetIsInput)
                Wrong($"data.preprocess.{i}", "selectTop compares features with the label, and target: input has none", "delete it");
        }
    }

    private void CheckTarget()
    {
        if (IsRight("data") && IsRight("loss") && _job.Data.Format == DataFormat.Text && _job.Loss.Kind != LossKind.SoftmaxCrossEntropy)
            Wrong("loss", "the targets of a text are its next characters, which are classes", "use softmaxCrossEntropy");
        if (IsRight("data") && _job.Data.TargetIsInput && _job.Data.Format is DataFormat.Text or DataFormat.Wav)
            Wrong("data.target", "texts and sounds have targets of their own", "delete it");
        if (IsRight("data") && IsRight("loss") && _job.Data.TargetIsInput && _job.Loss.Kind == LossKind.SoftmaxCrossEntropy)
            Wrong("loss", "softmaxCrossEntropy needs classes, and target: input has none", "use meanSquaredError, or binaryCrossEntropy for inputs from 0 to 1");
    }

    /// <summary>These losses apply the function themselves; applied twice it would only blunt the gradients.</summary>
    private void CheckLastLayer()
    {
        if (!IsRight("model.layers") || !IsRight("loss")) return;
        int last = _job.Model.Layers.Count - 1;
        string? doubled = (_job.Loss.Kind, _job.Model.Layers[last]) switch
        {
            (LossKind.SoftmaxCrossEntropy, SoftmaxDescription) => "softmax",
            (LossKind.BinaryCrossEntropy, ActivationDescription { Function: ActivationKind.Sigmoid }) => "sigmoid",
            _ => null,
        };
        if (doubled is not null)
            Wrong($"model.layers.{last}", $"the loss applies {doubled} itself", $"delete the last layer: the loss takes what comes before {doubled}");
    }

    private void CheckLayerNames()
    {
        if (!IsRight("model.layers")) return;
        CheckLayerNames("model.layers", _job.Model.Layers, []);
    }

    private void CheckLayerNames(string path, IReadOnlyList<LayerDescription> layers, HashSet<string> seen)
    {
        for (int i = 0; i < layers.Count; i++)
        {
            if (layers[i].Name is { } name && !seen.Add(name))
                Wrong($"{path}.{i}", $"two layers are called \"{name}\"", "give each its own name");
            if (layers[i] is ResidualDescription residual) CheckLayerNames($"{path}.{i}.residual", residual.Layers, seen);
        }
    }

    private void CheckTraining()
    {
        if (IsRight("batch") && IsRight("slices") && _job.Slices > _job.Batch)
            Wrong("slices", $"{_job.Slices} slices of a mini-batch of {_job.Batch} samples", $"use at most {_job.Batch} slices, or a larger batch");
        if (IsRight("optimizer") && _job.Optimizer is SgdDescription { Nesterov: true, Momentum: 0 })
            Wrong("optimizer.sgd.nesterov", "nesterov needs momentum", "add momentum, for example 0.9");
        if (IsRight("schedule") && IsRight("optimizer") && _job.Schedule is PlateauSchedule plateau && plateau.MinRate > _job.Optimizer.Rate)
            Wrong("schedule.plateau.minRate", $"minRate {plateau.MinRate} is above the optimizer's rate {_job.Optimizer.Rate}", "make it smaller");
        CheckRename();
        if (IsRight("partial") && IsRight("initialWeights") && _job is { Partial: true, InitialWeights: null })
            Wrong("partial", "partial has no meaning without initialWeights", "name the file of weights, or delete it");
    }

    /// <summary>What needs that all gradients of a mini-batch make one update.</summary>
    private void CheckConsistency()
    {
        if (!IsRight("consistency") || _job.Consistency.IsExact) return;
        if (IsRight("replication") && _job.Replication > 0)
            Wrong("replication", "copies of parameter shards are kept in step only where every gradient is waited for", "use consistency: bsp without backupWorkers, or replication: 0");
        if (IsRight("wire") && _job.Wire.Gradients.KeepsResidual)
            Wrong("wire.gradients", $"{_job.Wire.Gradients} keeps what it has left out for the next step, which is not available in this version with that consistency",
                "use f32, bf16 or f16, or consistency: bsp");
        if (IsRight("onNonFinite") && _job.NonFinite is { MaxSkips: > 0 } && _job.Consistency.IsPaced)
            Wrong("onNonFinite", "skipping steps is not available in this version where each worker goes at its own pace", "delete it, or use consistency: bsp");
    }

    private void CheckRename()
    {
        if (!IsRight("rename") || !IsRight("initialWeights") || _job.Rename.Count == 0) return;
        if (_job.InitialWeights is null) Wrong("rename", "rename has no meaning without initialWeights", "name the file of weights, or delete it");
        foreach ((string from, string to) in _job.Rename)
        {
            int stars = from.Count(c => c == '*');
            if (stars > 1 || to.Count(c => c == '*') != stars)
                Wrong("rename", $"\"{from}: {to}\" does not have one * on both sides, or none", "write one rule for each, as {features.0.*: dense1.*}");
        }
    }

    private bool IsRight(string path) => !_problems.Concerns(path);

    private void Wrong(string path, string what, string remedy) => _problems.Add(what, Locate(path), path, remedy);

    /// <summary>Where the key stands, or as much of its path as the file has.</summary>
    private Origin Locate(string path)
    {
        Node node = _root;
        foreach (string key in path.Split('.'))
        {
            Node? inner = node switch
            {
                MapNode map => map[key],
                ListNode list => list.Items[int.Parse(key, System.Globalization.CultureInfo.InvariantCulture)],
                _ => null,
            };
            if (inner is null) break;
            node = inner;
        }
        return node.Origin;
    }
}
