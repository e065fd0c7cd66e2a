# dirac-forge with git and conda-smithy, for schedulers and sites: docker build --tag dirac-forge .
# The folder /workspace is the workspace: docker run --rm -v "$PWD:/workspace" dirac-forge check
FROM condaforge/miniforge3:26.3.2-3

RUN useradd --create-home forge \
    && mamba install --yes --name base python=3.13 pip git conda-smithy \
    && mamba clean --all --yes

COPY pyproject.toml README.md LICENSE /source/
COPY src /source/src
RUN python -m pip install --no-cache-dir /source && rm -r /source

USER forge
WORKDIR /workspace
ENV DIRAC_FORGE_CACHE=/home/forge/.cache/dirac-forge
ENTRYPOINT ["dirac-forge"]
CMD ["--help"]
